/** A horizontal bar chart as SVG, readable on a light and on a dark page. */

export interface Bar {
  readonly label: string;
  /** Parts of the bar, from left to right; one part for a plain bar. */
  readonly parts: readonly { readonly name: string; readonly value: number }[];
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const width = 720;
const labelWidth = 190;
const valueWidth = 80;
const rowHeight = 26;
const barHeight = 16;
const top = 40;
const legendHeight = 22;
const grey = '#808080';
/** The colours of Okabe and Ito. Readers with a colour vision deficiency can distinguish them. */
const colours = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#f0e442',
  '#999999',
  '#6a3d9a',
  '#b15928',
];

/** Bars are scaled to the longest one. A legend names the parts if a bar has more than one. */
export function barChart({ title, unit, bars }: Chart): string {
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const longest = Math.max(...bars.map(lengthOf), Number.MIN_VALUE);
  const hasLegend = bars.some(({ parts }) => parts.length > 1);
  const legend = hasLegend ? legendOf(names, top + bars.length * rowHeight + legendHeight / 2) : [];
  const height = top + bars.length * rowHeight + (hasLegend ? legendHeight * (legendRows(names) + 1) : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="${grey}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<text x="0" y="18" font-size="15">${escaped(`${title} (${unit})`)}</text>`,
    ...bars.flatMap((bar, row) => barOf(bar, top + row * rowHeight, longest, names)),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function barOf(bar: Bar, y: number, longest: number, names: readonly string[]): string[] {
  const scale = (width - labelWidth - valueWidth) / longest;
  let x = labelWidth;
  const rects = bar.parts.map(({ name, value }) => {
    const from = x;
    x += value * scale;
    const colour = colours[names.indexOf(name) % colours.length];
    return `<rect x="${fixed(from)}" y="${y}" width="${fixed(value * scale)}" height="${barHeight}" fill="${colour}"><title>${escaped(`${name}: ${Math.round(value)}`)}</title></rect>`;
  });
  const text = y + barHeight - 3;
  return [
    `<text x="${labelWidth - 8}" y="${text}" text-anchor="end">${escaped(bar.label)}</text>`,
    ...rects,
    `<text x="${fixed(x + 6)}" y="${text}">${Math.round(lengthOf(bar))}</text>`,
  ];
}

const legendColumns = 5;
const legendRows = (names: readonly string[]): number => Math.ceil(names.length / legendColumns);

function legendOf(names: readonly string[], from: number): string[] {
  return names.flatMap((name, index) => {
    const x = (index % legendColumns) * (width / legendColumns);
    const y = from + Math.floor(index / legendColumns) * legendHeight;
    return [
      `<rect x="${fixed(x)}" y="${y}" width="12" height="12" fill="${colours[index % colours.length]}"/>`,
      `<text x="${fixed(x + 18)}" y="${y + 11}">${escaped(name)}</text>`,
    ];
  });
}

function lengthOf({ parts }: Bar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Makes a reference page in Markdown from a table in the code. */
const notice = '<!-- Written by `npm run gen` from a table in the code. Change that, not this page. -->';

export function page(title: string, source: string, parts: readonly string[]): string {
  return `${[`# ${title}`, notice, `Source: \`${source}\`.`, ...parts].join('\n\n')}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

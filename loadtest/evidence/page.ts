/** The page docs/evidence.md and its charts, from the JSON documents of benches. */
import type { BenchDocument } from '../frame/document.ts';
import { median } from '../frame/statistics.ts';
import type { Goal, Sample } from '../frame/types.ts';
import { type Bar, barChart } from './bar-chart.ts';

/** A file to write; `name` is relative to docs/. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

const head = `# Measurements

\`node loadtest/evidence/evidence.ts\` writes this page from the documents in \`docs/bench/\`. Each document is the output of
\`npm run bench -- NAME --json\`. Numbers are medians of the rounds. [CONTRIBUTING](../CONTRIBUTING.md#measuring) says how to repeat
them.
`;

/** The page, and two charts for each bench: rates, and processor time by process. */
export function evidenceFiles(documents: readonly BenchDocument[]): EvidenceFile[] {
  const sections = documents.map(sectionOf);
  return [{ name: 'evidence.md', text: [head, ...sections].join('\n') }, ...documents.flatMap(chartsOf)];
}

function sectionOf(document: BenchDocument): string {
  const { bench, commit, machine, node, rounds, spinMs, figures } = document;
  const rows = figures
    .filter(({ value }) => value !== null)
    .map(({ name, value, unit, perRound, goal }) => [
      `\`${name}\``,
      shown(value),
      unit,
      goalText(goal),
      perRound.map(shown).join(', '),
    ]);
  return [
    `## ${bench}`,
    '',
    `Commit \`${commit}\`; ${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB; Node ${node}; ${rounds} rounds. ` +
      `A fixed loop took ${spinMs.map(shown).join(', ')} ms before the rounds; it takes longer on a busy machine.`,
    '',
    `![orders per second](bench/${bench}-rates.svg)`,
    '',
    `![processor time of an order](bench/${bench}-cpu.svg)`,
    '',
    ...table(['figure', 'median', 'unit', 'goal', 'per round'], rows),
    '',
    ...table(['variant', 'orders/s', 'p50 ms', 'p99 ms', 'CPU µs an order'], variantRows(document)),
    '',
  ].join('\n');
}

function variantRows({ runs }: BenchDocument): string[][] {
  return Object.entries(runs).flatMap(([variant, results]) => {
    const samples = samplesOf(results);
    if (samples.length === 0) return [];
    const middle = (of: (sample: Sample) => number) => shown(median(samples.map(of)));
    return [
      [
        variant,
        middle(({ orders, seconds }) => orders / seconds),
        middle(({ p50Ms }) => p50Ms),
        middle(({ p99Ms }) => p99Ms),
        middle(cpuOf),
      ],
    ];
  });
}

function chartsOf({ bench, runs }: BenchDocument): EvidenceFile[] {
  const measured = Object.entries(runs).flatMap(([label, results]) => {
    const samples = samplesOf(results);
    return samples.length === 0 ? [] : [{ label, samples }];
  });
  const rates = measured.map(({ label, samples }): Bar => {
    const value = median(samples.map(({ orders, seconds }) => orders / seconds)) ?? 0;
    return { label, parts: [{ name: 'orders per second', value }] };
  });
  const cpu = measured.map(({ label, samples }): Bar => {
    const names = [...new Set(samples.flatMap(({ cpuUs }) => Object.keys(cpuUs)))];
    const parts = names
      .filter((name) => name !== 'generator')
      .map((name) => ({ name, value: median(samples.map(({ cpuUs }) => cpuUs[name] ?? 0)) ?? 0 }));
    return { label, parts };
  });
  return [
    {
      name: `bench/${bench}-rates.svg`,
      text: barChart({ title: `${bench}: orders per second`, unit: 'median of the rounds', bars: rates }),
    },
    {
      name: `bench/${bench}-cpu.svg`,
      text: barChart({
        title: `${bench}: processor time of an order`,
        unit: 'µs, without the generator',
        bars: cpu,
      }),
    },
  ];
}

function samplesOf(results: BenchDocument['runs'][string]): Sample[] {
  return results.filter((result): result is Sample => !('problem' in result));
}

/** The generator belongs to no design. */
function cpuOf({ cpuUs: { generator: _, ...others } }: Sample): number {
  return Object.values(others).reduce((sum, us) => sum + us, 0);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

function goalText(goal: Goal | null): string {
  if (goal === null) return '';
  return goal.atMost === undefined ? `≥ ${goal.atLeast ?? goal.aim}` : `≤ ${goal.atMost}`;
}

function shown(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–';
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Prints the report of a bench for people: one line per variant and one line per figure. */
import { median, perRun, rateOf } from './statistics.ts';
import type { BenchReport, Figure, Goal, RunResult, Sample } from './types.ts';

/** The report as lines of text. */
export function reportLines({ bench, rounds, figures, goals }: BenchReport): string[] {
  const processes = processesOf(rounds.results);
  const variants = [...rounds.results].map(([name, results]) => variantRow(name, results, processes));
  const spins = rounds.spinMs.map((ms) => ms.toFixed(0)).join(' ');
  return [
    '',
    `bench ${bench}: ${rounds.count} rounds; a fixed loop took ${spins} ms beside them`,
    '',
    ...columns([variantHead(processes), ...variants]),
    '',
    ...columns([figureHead, ...figures.map((figure) => figureRow(figure, goals[figure.name]))]),
    ...problems(rounds.results),
  ];
}

function variantHead(processes: readonly string[]): string[] {
  return ['variant', 'orders/s', 'CPU µs/order', ...processes, 'p50 ms', 'p99 ms', 'batch', 'RSS MB'];
}

/** The names of all processes whose CPU time is in a sample. */
function processesOf(results: ReadonlyMap<string, readonly RunResult[]>): string[] {
  const names = [...results.values()].flat().flatMap((run) => (run.ok ? Object.keys(run.sample.cpuUs) : []));
  return [...new Set(names)];
}

const figureHead = ['figure', 'median', 'unit', 'at least', 'aim', '', 'per round'];

function variantRow(name: string, results: readonly RunResult[], processes: readonly string[]): string[] {
  const middle = (of: (sample: Sample) => number, digits: number) =>
    show(median(perRun(results, of)), digits);
  const cpu = (sample: Sample) => Object.values(sample.cpuUs).reduce((sum, us) => sum + us, 0);
  return [
    name,
    middle(rateOf, 0),
    middle(cpu, 1),
    ...processes.map((process) => middle((sample) => sample.cpuUs[process] ?? Number.NaN, 1)),
    middle((sample) => sample.p50Ms, 1),
    middle((sample) => sample.p99Ms, 1),
    middle((sample) => sample.batch, 0),
    middle((sample) => sample.rssMb, 0),
  ];
}

function figureRow({ name, value, unit, perRound }: Figure, goal: Goal | undefined): string[] {
  const digits = Math.abs(value ?? 0) >= 100 ? 0 : 2;
  const limit = goal?.atMost === undefined ? show(goal?.atLeast ?? null, 2) : `≤ ${goal.atMost}`;
  return [
    name,
    show(value, digits),
    unit,
    limit,
    show(goal?.aim ?? null, 2),
    goal === undefined || value === null ? '' : verdict(value, goal),
    perRound.map((number) => show(number, digits)).join(' '),
  ];
}

function verdict(value: number, { atLeast, atMost, aim }: Goal): string {
  if (atMost !== undefined) return value <= aim ? 'aim' : value <= atMost ? 'enough' : 'MISSED';
  return value >= aim ? 'aim' : value >= (atLeast ?? aim) ? 'enough' : 'MISSED';
}

function problems(results: ReadonlyMap<string, readonly RunResult[]>): string[] {
  const lines: string[] = [];
  for (const [name, runs] of results) {
    runs.forEach((run, round) => {
      if (!run.ok) lines.push(`${name}, round ${round + 1}, has no number: ${run.problem}`);
    });
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

function show(number: number | null, digits: number): string {
  return number === null || Number.isNaN(number) ? '–' : number.toFixed(digits);
}

/** Pads cells to columns. Numbers are right-aligned. The first and the last column are left-aligned. */
function columns(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        if (column === row.length - 1 && row === rows[0]) return cell;
        return column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
      })
      .join('  ')
      .trimEnd(),
  );
}

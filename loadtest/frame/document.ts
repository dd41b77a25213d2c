/** The report of a bench as one JSON document, for programs. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { BenchReport, Figure, Goal, Sample } from './types.ts';

const digits = 4;

/** The JSON document of a bench. Numbers have four significant digits. */
export interface BenchDocument {
  readonly bench: string;
  /** The commit of the files; with `-dirty` if they differ from it. */
  readonly commit: string;
  readonly machine: { readonly cores: number; readonly processor: string; readonly memoryGb: number };
  /** Node's version. */
  readonly node: string;
  readonly rounds: number;
  /** ms of a fixed loop before each round. */
  readonly spinMs: readonly (number | null)[];
  readonly figures: readonly (Figure & { readonly goal: Goal | null })[];
  /** The runs of each variant, one per round. */
  readonly runs: Readonly<Record<string, readonly (Sample | { readonly problem: string })[]>>;
}

export function reportDocument({ bench, rounds, figures, goals }: BenchReport): BenchDocument {
  return {
    bench,
    commit: commitOf(import.meta.dirname),
    machine: {
      cores: cpus().length,
      processor: cpus()[0]?.model ?? 'unknown',
      memoryGb: Math.round(totalmem() / 1e9),
    },
    node: process.version,
    rounds: rounds.count,
    spinMs: rounds.spinMs.map(rounded),
    figures: figures.map(({ name, value, unit, perRound }) => ({
      name,
      value: rounded(value),
      unit,
      perRound: perRound.map(rounded),
      goal: goals[name] ?? null,
    })),
    runs: Object.fromEntries(
      [...rounds.results].map(([variant, results]) => [
        variant,
        results.map((result) => (result.ok ? roundedAll(result.sample) : { problem: result.problem })),
      ]),
    ),
  };
}

/** Every number of the sample, at any depth. */
function roundedAll(sample: Sample): Sample {
  return JSON.parse(JSON.stringify(sample), (_key, value) =>
    typeof value === 'number' ? rounded(value) : value,
  );
}

function rounded(number: number | null): number | null {
  return number === null ? null : Number(number.toPrecision(digits));
}

/** The commit of the files, with `-dirty` if they differ from the commit. `unknown` outside a checkout. */
function commitOf(folder: string): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
    return execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // Git is missing, or this is an unpacked archive. The report has no commit.
    return 'unknown';
  }
}

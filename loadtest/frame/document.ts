/** The report of a bench as one JSON document, for programs. */
import { execFileSync } from 'node:child_process';
import type { BenchReport, Sample } from './types.ts';

const digits = 4;

/**
 * `{bench, commit, rounds, figures: [{name, value, unit, perRound}], runs: {variant: [sample]}}`. Numbers have four
 * significant digits. A run without a number is `{problem}`.
 */
export function reportDocument({ bench, rounds, figures }: BenchReport): object {
  return {
    bench,
    commit: commitOf(import.meta.dirname),
    rounds: rounds.count,
    figures: figures.map(({ name, value, unit, perRound }) => ({
      name,
      value: rounded(value),
      unit,
      perRound: perRound.map(rounded),
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
function roundedAll(sample: Sample): object {
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

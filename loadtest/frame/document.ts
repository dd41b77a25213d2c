/** The bench as one JSON document, for machines. */
import { execFileSync } from 'node:child_process';
import type { BenchReport } from './types.ts';

const digits = 4;

/** `{bench, commit, rounds, figures: [{name, value, unit, perRound}]}`; numbers with four significant digits. */
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
  };
}

function rounded(number: number | null): number | null {
  return number === null ? null : Number(number.toPrecision(digits));
}

/** The commit of the files, with `-dirty` if they differ from it; `unknown` outside a checkout. */
function commitOf(folder: string): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
    return execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // No git, or an unpacked archive: the numbers have no commit.
    return 'unknown';
  }
}

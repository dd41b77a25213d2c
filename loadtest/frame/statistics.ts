/** Statistics for the benches. */
import type { Figure, RunResult, Sample } from './types.ts';

/** The median (mean of the two middle values), or null without values. */
export function median(numbers: readonly (number | null)[]): number | null {
  const sorted = numbers.filter((number) => number !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Orders per second. */
export function rateOf(sample: Sample): number {
  return sample.orders / sample.seconds;
}

/** One number per run; null for a run without a number. */
export function perRun(results: readonly RunResult[], of: (sample: Sample) => number): (number | null)[] {
  return results.map((result) => (result.ok ? of(result.sample) : null));
}

/**
 * The ratio of two variants in each round. A slow round affects both variants, so the bench compares ratios, not
 * rates.
 */
export function ratios(above: readonly RunResult[], below: readonly RunResult[]): (number | null)[] {
  return above.map((result, round) => {
    const other = below[round];
    return result.ok && other?.ok ? rateOf(result.sample) / rateOf(other.sample) : null;
  });
}

/** A figure whose value is the median of its rounds. */
export function figure(name: string, unit: string, perRound: readonly (number | null)[]): Figure {
  return { name, unit, perRound, value: median(perRound) };
}

/** The name of the variant with the highest median rate; empty if there is none. */
export function fastest(
  results: ReadonlyMap<string, readonly RunResult[]>,
  names: readonly string[],
): string {
  const rate = (name: string) => median(perRun(results.get(name) ?? [], rateOf)) ?? 0;
  return names.reduce((best, name) => (rate(name) > rate(best) ? name : best), names[0] ?? '');
}

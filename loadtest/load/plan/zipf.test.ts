import { describe, expect, test } from 'vitest';
import { createRandom } from '../../store/random.ts';
import { createZipf } from './zipf.ts';

const draws = 200_000;

function countsOf(size: number, exponent: number, seed: number): number[] {
  const sample = createZipf(size, exponent, createRandom(seed));
  const counts = new Array<number>(size).fill(0);
  for (let i = 0; i < draws; i++) counts[sample()]! += 1;
  return counts;
}

/** The sum of squared differences from the expected counts, in units of the expected counts. */
function chiSquare(counts: readonly number[], exponent: number): number {
  const weights = counts.map((_, index) => (index + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return counts.reduce((total, count, index) => {
    const expected = (draws * weights[index]!) / sum;
    return total + (count - expected) ** 2 / expected;
  }, 0);
}

describe('the Zipf sampler', () => {
  // 99 degrees of freedom: the statistic is above 148.2 in one of a thousand samples. The seeds make it the same in every run.
  test.each([
    [0, 1],
    [0.5, 2],
    [1, 3],
    [1.5, 4],
  ])('has the distribution of exponent %f, with seed %i', (exponent, seed) => {
    expect(chiSquare(countsOf(100, exponent, seed), exponent)).toBeLessThan(148.2);
  });

  test('differs from a distribution with a slightly larger exponent', () => {
    expect(chiSquare(countsOf(100, 1, 3), 1.03)).toBeGreaterThan(148.2);
  });

  test('gives the same choices for the same seed, and others for another seed', () => {
    expect(countsOf(10, 1, 7)).toEqual(countsOf(10, 1, 7));
    expect(countsOf(10, 1, 7)).not.toEqual(countsOf(10, 1, 8));
  });

  test('of a single product always chooses it', () => {
    expect(countsOf(1, 1, 1)).toEqual([draws]);
  });
});

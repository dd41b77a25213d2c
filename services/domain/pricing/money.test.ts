import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountMax, mulDivHalfUp, spread } from './money.ts';

const amounts = fc.nat({ max: amountMax });

describe('mulDivHalfUp', () => {
  it.each([
    [5, 1, 10, 1],
    [4, 1, 10, 0],
    [15, 1, 10, 2],
    [25, 1, 10, 3],
    [0, 190_000, 1_000_000, 0],
    [100, 190_000, 1_000_000, 19],
    [10_600, 190_000, 1_190_000, 1_692],
    [10_000, 210_000, 1_210_000, 1_736],
    [9_007_199_254_740_990, 9_999, 10_000, 9_006_298_534_815_516],
    [9_007_199_254_740_990, 10_000, 10_000, 9_007_199_254_740_990],
  ])('%d × %d ÷ %d is %d', (amount, numerator, denominator, result) => {
    expect(mulDivHalfUp(amount, numerator, denominator)).toBe(result);
  });

  it('is exact for any amount', () => {
    fc.assert(
      fc.property(amounts, fc.nat({ max: 2_000_000 }), fc.integer({ min: 1, max: 2_000_000 }), (a, n, d) => {
        const [exact, divisor] = [BigInt(a) * BigInt(n), BigInt(d)];
        const result = (2n * exact + divisor) / (2n * divisor);
        fc.pre(result <= BigInt(amountMax));
        expect(BigInt(mulDivHalfUp(a, n, d))).toBe(result);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('spread', () => {
  it.each([
    ['gives what is left to the first of equal members', 1_000, [1_000, 1_000, 1_000], [334, 333, 333]],
    ['gives what is left to the largest remainder', 1_000, [1_500, 2_000], [429, 571]],
    ['gives nothing to a weight of 0', 7, [0, 3, 0, 4], [0, 3, 0, 4]],
    ['spreads 0', 0, [1, 2], [0, 0]],
    ['spreads nothing over weights of 0', 5, [0, 0], [0, 0]],
    ['gives one unit to the first', 1, [1, 1, 1], [1, 0, 0]],
    ['stays exact for large amounts', amountMax, [amountMax - 1, 1], [amountMax - 1, 1]],
  ])('%s', (_name, total, weights, shares) => {
    expect(spread(total, weights)).toEqual(shares);
  });

  it('adds up to the total, and no share is a whole unit away from its exact part', () => {
    const anyWeights = fc.array(fc.nat({ max: 1_000_000_000_000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(anyWeights, fc.nat({ max: 10 ** 14 }), (weights, total) => {
        const shares = spread(total, weights);
        const sum = weights.reduce((all, weight) => all + weight, 0);
        expect(shares.reduce((all, share) => all + share, 0)).toBe(sum === 0 ? 0 : total);
        if (sum === 0) return;
        for (const [index, share] of shares.entries()) {
          const difference = BigInt(share) * BigInt(sum) - BigInt(total) * BigInt(weights[index]!);
          expect(difference < BigInt(sum) && -difference < BigInt(sum)).toBe(true);
        }
      }),
    );
  });
});

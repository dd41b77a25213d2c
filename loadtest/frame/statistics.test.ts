import { describe, expect, test } from 'vitest';
import { fastest, figure, median, ratios } from './statistics.ts';
import type { RunResult } from './types.ts';

const ran = (rate: number): RunResult => ({
  ok: true,
  sample: { orders: rate * 2, seconds: 2, cpuUs: {}, p50Ms: 1, p99Ms: 2, batch: 1, rssMb: 100 },
});
const failed: RunResult = { ok: false, problem: 'one order is missing' };

describe('median', () => {
  test('takes the middle, or the mean of the two middle values', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test('omits rounds without a number', () => {
    expect(median([null, 7, null])).toBe(7);
    expect(median([null])).toBeNull();
  });
});

describe('a run with violated invariants', () => {
  test('has no ratio in its round, on either side', () => {
    expect(ratios([ran(100), failed, ran(300)], [ran(10), ran(10), failed])).toEqual([10, null, null]);
  });

  test('leaves the figure without a value if no round has a value', () => {
    expect(figure('x', 'ratio', ratios([failed], [ran(1)]))).toEqual({
      name: 'x',
      unit: 'ratio',
      perRound: [null],
      value: null,
    });
  });
});

test('each round has its own ratio, so a slow round counts like any other', () => {
  expect(figure('x', 'ratio', ratios([ran(100), ran(10), ran(100)], [ran(10), ran(1), ran(10)])).value).toBe(
    10,
  );
});

test('the fastest variant has the best median', () => {
  const results = new Map([
    ['usual ×1', [ran(10), ran(10), ran(90)]],
    ['usual ×8', [ran(20), ran(20), ran(20)]],
    ['usual ×16', [failed, failed, failed]],
  ]);
  expect(fastest(results, [...results.keys()])).toBe('usual ×8');
});

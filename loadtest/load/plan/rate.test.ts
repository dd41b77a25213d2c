import { describe, expect, test } from 'vitest';
import { dueTimes, requestsDue, type Shape } from './rate.ts';
import { scenarios } from './scenarios.ts';

const { steady, ramp, burst } = scenarios as Record<string, { shape: Shape }>;

/** Due times per second of the run. */
function perSecond(run: Parameters<typeof dueTimes>[0]): number[] {
  const counts = new Array<number>(Math.ceil(run.seconds)).fill(0);
  for (const due of dueTimes(run)) counts[Math.floor(due)]! += 1;
  return counts;
}

describe('due times', () => {
  test('of a constant rate have equal distances', () => {
    const times = [...dueTimes({ shape: steady!.shape, perSecond: 8, seconds: 2 })];
    expect(times).toEqual(Array.from({ length: 16 }, (_, i) => i / 8));
  });

  test('of a ramp rise linearly', () => {
    const counts = perSecond({ shape: ramp!.shape, perSecond: 1_000, seconds: 10 });
    // The rate rises from 50 to 1,000: in second n the mean is 50 + 95 (n + 1/2).
    counts.forEach((count, second) => {
      expect(Math.abs(count - (50 + 95 * (second + 0.5)))).toBeLessThanOrEqual(1);
    });
  });

  test('of bursts come back in every period, also in a period that the run cuts off', () => {
    const counts = perSecond({ shape: burst!.shape, perSecond: 100, seconds: 29 });
    const period = [20, 20, 20, 20, 20, 20, 20, 20, 100, 100];
    expect(counts).toEqual([...period, ...period, ...period.slice(0, 9)]);
  });

  test('of a run that is shorter than a period have the whole shape', () => {
    const counts = perSecond({ shape: burst!.shape, perSecond: 100, seconds: 5 });
    expect(counts).toEqual([20, 20, 20, 20, 100]);
  });

  test.each(Object.entries(scenarios))(
    'of %s are in order, within the run, and as many as announced',
    (_, { shape }) => {
      const run = { shape, perSecond: 333.3, seconds: 17 };
      const times = [...dueTimes(run)];
      expect(times).toHaveLength(requestsDue(run));
      expect(times[0]).toBe(0);
      for (let i = 1; i < times.length; i++) expect(times[i]!).toBeGreaterThan(times[i - 1]!);
      expect(times.at(-1)!).toBeLessThanOrEqual(17);
    },
  );
});

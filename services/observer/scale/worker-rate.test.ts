import { expect, it } from 'vitest';
import { flowBetween } from '../../inspection/index.ts';
import type { Reading } from '../reading.ts';
import { nextWorkerRate } from './worker-rate.ts';

const configured = 1_000;
const seconds = 60;

/** Workers with one lane each: how many commands they processed in a minute, and how far they are behind. */
function rateAfter(
  ...workers: { processed: number; behindMs?: number; epochs?: [number, number] }[]
): number {
  const reading = (atMs: number, step: 0 | 1) =>
    ({
      ...{ monotonicMs: atMs, nowMs: atMs, groups: [], hasTables: true },
      lanes: workers.map(({ processed, behindMs = 5_000, epochs = [1, 1] }, partition) => ({
        ...{ partition, owner: `w${partition}`, epoch: epochs[step], lag: 1, wait: null, end: 1e6 },
        ...{ published: step * processed, movedAtMs: atMs, oldestAtMs: atMs - behindMs },
      })),
    }) as unknown as Reading;
  const before = reading(100_000, 0);
  const after = reading(100_000 + seconds * 1_000, 1);
  return nextWorkerRate(configured, configured, { before, after, flow: flowBetween(before, after) });
}

/** After a minute, 63 % of a new measurement counts. */
const towards = (rate: number): number => configured + (1 - Math.exp(-1)) * (rate - configured);

it('moves towards the median of the busy workers', () => {
  const rate = rateAfter({ processed: 90_000 }, { processed: 120_000 }, { processed: 600 });
  expect(rate).toBeCloseTo(towards(1_500));
});

it.each([
  ['without a backlog', [{ processed: 6_000, behindMs: 900 }]],
  [
    'if fewer than half are busy',
    [{ processed: 6_000 }, { processed: 9, behindMs: 0 }, { processed: 9, behindMs: 0 }],
  ],
  ['of a worker that got its lane meanwhile', [{ processed: 6_000, epochs: [1, 2] as [number, number] }]],
  ['of a worker that processed nothing', [{ processed: 0 }]],
])('stays %s', (_what, workers) => {
  expect(rateAfter(...workers)).toBe(configured);
});

it('is at most four times smaller or larger than configured', () => {
  expect(rateAfter({ processed: 60 * 50_000 })).toBe(4_000);
  expect([rateAfter({ processed: 60 }), rateAfter({ processed: 6 })].every((rate) => rate >= 250)).toBe(true);
});

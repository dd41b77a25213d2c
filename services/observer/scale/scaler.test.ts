import { describe, expect, it } from 'vitest';
import { flowBetween, type LaneStanding } from '../../inspection/index.ts';
import type { Reading } from '../reading.ts';
import { createScaler, demandOf } from './scaler.ts';

const limits = { drainSeconds: 10, workersMin: 2, workersMax: 12 };
const lane = (partition: number, change: Partial<LaneStanding> = {}): LaneStanding => ({
  ...{ partition, owner: `w${partition}`, epoch: 1, next: 0, published: 100, movedAtMs: 0, outboxRows: 0 },
  ...{ suspect: null, deaths: 0, wait: null, end: 200, lag: 100, oldestAtMs: 0, waitsFor: '' },
  ...change,
});
const reading = (atMs: number, lanes: LaneStanding[], hasTables = true): Reading => ({
  ...{ monotonicMs: atMs, nowMs: atMs, lanes, groups: [], hasTables },
});
const demandAfter = (before: LaneStanding[], after: LaneStanding[], hasTables = true, atMs = 2_000) => {
  const [first, second] = [reading(0, before), reading(atMs, after, hasTables)];
  return demandOf(first, second, flowBetween(first, second), 1_000);
};
const statesOf = ({ lanes }: ReturnType<typeof demandOf>): string[] => lanes.map(({ state }) => state);

describe('the demand', () => {
  it('tells lanes that move from lanes that stand, and counts work without an owner', () => {
    const before = [lane(0), lane(1), lane(2, { owner: '' }), lane(3, { lag: 0 })];
    const moved = [
      lane(0, { published: 150 }),
      lane(1),
      lane(2, { owner: '' }),
      lane(3, { end: 300, lag: 200 }),
    ];
    const demand = demandAfter(before, moved);
    expect(statesOf(demand)).toEqual(['moving', 'still', 'moving', 'moving']);
    expect(demand.isHalted).toBe(false);
    expect(demand.lanes[3]).toMatchObject({ arrivalRate: 50, backlog: 200 });
  });

  it('has a stalled lane after ten seconds', () => {
    expect(statesOf(demandAfter([lane(0)], [lane(0)], true, 10_001))).toEqual(['stalled']);
  });

  it('is halted if no lane with work moves, or without the database', () => {
    expect(demandAfter([lane(0), lane(1)], [lane(0), lane(1)]).isHalted).toBe(true);
    expect(demandAfter([lane(0)], [lane(0, { published: 150 })], false).isHalted).toBe(true);
    const idle = [lane(0, { lag: 0, oldestAtMs: null })];
    expect(demandAfter(idle, idle).isHalted).toBe(false);
  });
});

it('decides from the second reading on, and begins with the workers that own lanes', () => {
  const scaler = createScaler(limits, 1_000);
  const idle = [0, 1, 2, 3].map((partition) => lane(partition, { lag: 0, oldestAtMs: null }));
  const [first, second] = [reading(0, idle), reading(2_000, idle)];
  expect(scaler.add(first, null)).toBeNull();
  expect(scaler.add(second, flowBetween(first, second))).toMatchObject({
    workers: 4,
    because: 'held',
    workerRate: 1_000,
  });
});

import { expect, it } from 'vitest';
import type { LaneStanding } from '../../services/inspection/index.ts';
import { watchLine } from './lag-text.ts';
import type { Lag, LagTables } from './read-lag.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const lane: LaneStanding = {
  ...{ partition: 3, owner: 'w1', epoch: 1, next: 10, published: 10, movedAtMs: NOW_MS, outboxRows: 0 },
  ...{ suspect: null, deaths: 0, wait: null, end: 10, lag: 0, oldestAtMs: null, waitsFor: '' },
};
const lagOf = (...lanes: LaneStanding[]): Lag => ({
  nowMs: NOW_MS,
  groups: [],
  tables: { lanes } as unknown as LagTables,
});
const behind = { ...lane, partition: 4, lag: 1_500, end: 1_510, oldestAtMs: NOW_MS - 3_000 };
const flow = {
  seconds: 2,
  arrivalRate: 1_000,
  outcomeRate: 1_500,
  backlog: 1_500,
  drainSeconds: 3,
  lanes: [],
};

it('shows only the state at first, because a rate needs two readings', () => {
  expect(watchLine(lagOf(lane), null)).toBe(
    '2026-01-02T03:04:05.000Z  0 behind, the oldest for 0 s; rates follow; no lane stalls',
  );
});

it('shows rates, drain time and the lanes that stall', () => {
  const stalled = { ...behind, movedAtMs: 0, oldestAtMs: NOW_MS - 60_000, waitsFor: 'w1 to decide' };
  expect(watchLine(lagOf(lane, behind), flow)).toContain(
    '1,500 behind, the oldest for 3 s; arrive 1,000/s, decided 1,500/s, drained in 3 s; no lane stalls',
  );
  expect(watchLine(lagOf(lane, stalled), { ...flow, drainSeconds: null })).toContain(
    'the oldest for 60 s; arrive 1,000/s, decided 1,500/s, the backlog does not shrink; stalled: 4 (w1 to decide)',
  );
});

import { describe, expect, it } from 'vitest';
import { dueCountMax, type TimerStanding, timersText } from './timers.ts';

const NOW_MS = 1_000_000;
const lease = (partition: number, owner = 's1', leasedUntilMs = NOW_MS + 8_000) => ({
  partition,
  owner,
  leasedUntilMs,
});
const standing: TimerStanding = { due: 0, oldestAtMs: null, nextAtMs: null, leases: [lease(0), lease(1)] };

describe('the timers', () => {
  it.each<[string, Partial<TimerStanding>, string]>([
    ['without any', {}, 'timers: no order is due'],
    ['of later', { nextAtMs: NOW_MS + 12_000 }, 'timers: no order is due; the next one in 12 s'],
    ['of one order', { due: 1, oldestAtMs: NOW_MS - 75_000 }, 'timers: 1 order is due, the oldest for 75 s'],
    [
      'of more orders than are counted',
      { due: dueCountMax, oldestAtMs: NOW_MS - 2_000_000, nextAtMs: NOW_MS + 1 },
      'timers: at least 100,000 orders are due, the oldest for 2,000 s; the next one in 0 s',
    ],
  ])('%s', (_what, given, expected) => {
    expect(timersText({ ...standing, ...given }, NOW_MS).split('\n')[0]).toBe(expected);
  });
});

describe('the schedulers', () => {
  it.each<[string, TimerStanding['leases'], string]>([
    ['that share the partitions', [lease(0), lease(1, 's2')], 's1 has partition 0; s2 has partition 1'],
    [
      'without an owner of a partition',
      [lease(0), lease(1, '', 0), lease(2, '', 0)],
      's1 has partition 0; no scheduler has partitions 1, 2',
    ],
    [
      'that did not renew their leases',
      [lease(0), lease(1, 's2', NOW_MS - 40_000), lease(2, 's2', NOW_MS - 40_000), lease(3, '', 0)],
      's1 has partition 0; no scheduler has partitions 1, 2, 3 (the leases of s2 ended 40 s ago)',
    ],
  ])('%s', (_what, leases, expected) => {
    expect(timersText({ ...standing, leases }, NOW_MS).split('\n')[1]).toBe(`schedulers: ${expected}`);
  });
});

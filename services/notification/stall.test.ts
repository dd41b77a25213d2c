import { expect, it } from 'vitest';
import { createStall, stalledMs } from './stall.ts';

it('shows in readiness once nothing has gone on for its bound, with the newest reason, and no longer than that', () => {
  let nowMs = 5;
  const stall = createStall({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  expect([stall.waitingMs(), stall.check()]).toEqual([0, true]);
  stall.begin('outcomes are not stored');
  nowMs += stalledMs - 1;
  stall.begin('the database is away');
  expect(stall.check()).toBe(true);
  nowMs += 1;
  expect(stall.check()).toBe('for 30 s: the database is away');
  stall.end();
  expect([stall.waitingMs(), stall.check()]).toEqual([0, true]);
});

import { expect, it } from 'vitest';
import { createStall, stalledMs } from './stall.ts';

it('fails readiness after its limit without progress, shows the newest reason, and recovers with progress', () => {
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

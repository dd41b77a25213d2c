import { afterEach, expect, test, vi } from 'vitest';
import { createTokenChecks } from './token-checks.ts';

afterEach(() => vi.useRealTimers());

const limits = { badMax: 3, forgivenPerSecond: 1, checkingMs: 5, everyMs: 10, waitingMax: 100 };

function checksAt() {
  vi.useFakeTimers();
  // Each read of the clock costs a millisecond, so that the time for checks ends after a few checks.
  const clock = { ms: 0, monotonicMs: () => clock.ms++ };
  return { clock, checks: createTokenChecks(limits, clock) };
}

test('tokens are checked at once until their address has sent bad ones', () => {
  const { checks } = checksAt();
  let checked = 0;
  const come = (address: string) => checks.come(address, {}, () => checked++);
  for (let i = 0; i < 4; i++) checks.failed('bad');
  come('bad');
  expect(checked).toBe(0);
  come('good');
  expect(checked).toBe(1);
  vi.advanceTimersByTime(10);
  expect(checked).toBe(2);
});

test('connections take turns: a new connection waits for one check of each other connection', () => {
  const { checks } = checksAt();
  const order: string[] = [];
  const [forging, modest] = [{}, {}];
  for (let i = 0; i < 4; i++) checks.failed('proxy');
  for (let i = 0; i < 50; i++) checks.come('proxy', forging, () => order.push('forging'));
  checks.come('proxy', modest, () => order.push('modest'));
  vi.advanceTimersByTime(10);
  expect(order.slice(0, 2)).toEqual(['forging', 'modest']);
  expect(order.length).toBeLessThan(10);
});

test('the count of bad tokens decays with time', () => {
  const { checks, clock } = checksAt();
  for (let i = 0; i < 4; i++) checks.failed('once bad');
  clock.ms += 5_000;
  let checked = 0;
  checks.come('once bad', {}, () => checked++);
  expect(checked).toBe(1);
});

test('refuses a check if the maximum number of checks wait', () => {
  const { checks } = checksAt();
  for (let i = 0; i < 4; i++) checks.failed('bad');
  const taken = Array.from({ length: 101 }, () => checks.come('bad', {}, () => undefined));
  expect(taken.filter((is) => is)).toHaveLength(100);
  checks.close();
});

import { expect, test } from 'vitest';
import { createRefusals } from './refusals.ts';

function refusalsAt() {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  const refusals = createRefusals({ atOnceMax: 10, perSecond: 20, delayMsMax: 500 }, clock);
  const delays = (callerId: string, times: number) =>
    Array.from({ length: times }, () => refusals.delayMs(callerId));
  return { clock, delays };
}

test('delays the later refusals of one caller up to a bound, and delays no other caller', () => {
  const { delays } = refusalsAt();
  expect(delays('greedy', 10)).toEqual(Array(10).fill(0));
  expect(delays('greedy', 3)).toEqual([50, 100, 150]);
  expect(delays('greedy', 100).at(-1)).toBe(500);
  expect(delays('modest', 1)).toEqual([0]);
});

test('a caller that sends less is refused at once again', () => {
  const { clock, delays } = refusalsAt();
  delays('greedy', 100);
  clock.ms += 500;
  expect(delays('greedy', 1)).toEqual([50]);
  clock.ms += 100;
  expect(delays('greedy', 1)).toEqual([0]);
});

test('a client that retries after each response gets at most its refusals per second', () => {
  const { clock, delays } = refusalsAt();
  let answers = 0;
  // One connection: each request follows the response to the previous one.
  while (clock.ms < 10_000) {
    clock.ms += Math.max(1, delays('greedy', 1)[0]!);
    answers++;
  }
  expect(answers).toBeLessThan(10 + 10 * 21);
});

import { describe, expect, test } from 'vitest';
import { type Attempt, checkAgainAtMs, isProof, retryAtMs, stepOf } from './plan.ts';

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;

const tried = (
  attempts: number,
  firstAgoMs: number,
  lastAgoMs = 0,
  state: Attempt['state'] = 'OPEN',
): Attempt => ({
  state,
  attempts,
  firstAtMs: nowMs - firstAgoMs,
  lastAtMs: nowMs - lastAgoMs,
});

describe('the step of a refund', () => {
  test.each([
    ['that was never called is a call', { ...tried(0, 0), firstAtMs: null, lastAtMs: null }, 'refund'],
    ['without an answer is the same call again', tried(1, hourMs), 'refund'],
    ['19 h 59 min after the first call is the same call', tried(5, 20 * hourMs - 60_000), 'refund'],
    [
      '20 h after the first call looks the refund up before it calls',
      tried(5, 20 * hourMs),
      'findThenRefund',
    ],
    ['24 h after the first call only looks up', tried(5, 24 * hourMs), 'giveUp'],
    ['after 10 calls only looks up', tried(10, hourMs), 'giveUp'],
    ['that the provider works on is a lookup', tried(1, hourMs, 0, 'PENDING'), 'find'],
    ['whose result is in the log is a lookup', tried(1, hourMs, 0, 'TOLD'), 'find'],
  ] as const)('%s', (_what, attempt, step) => {
    expect(stepOf(attempt, nowMs)).toBe(step);
  });
});

describe('the next time of a refund without an answer', () => {
  test.each([
    ['1', 10_000],
    ['2', 30_000],
    ['3', 90_000],
    ['5', 810_000],
    ['7', hourMs],
    ['9', hourMs],
  ])('after %s calls is so many ms later: %i', (attempts, delayMs) => {
    expect(retryAtMs(tried(Number(attempts), hourMs), nowMs, 10_000, 0)).toBe(nowMs + delayMs);
    expect(retryAtMs(tried(Number(attempts), hourMs), nowMs, 10_000, 1)).toBe(nowMs + delayMs * 1.2);
  });

  test('the last lookup comes a minute after the last call, and then hourly', () => {
    expect(retryAtMs(tried(10, hourMs, 15_000), nowMs, 10_000, 0)).toBe(nowMs + 45_000);
    expect(retryAtMs(tried(10, hourMs, 61_000), nowMs, 10_000, 0)).toBe(nowMs + hourMs);
    expect(retryAtMs(tried(3, 24 * hourMs, hourMs), nowMs, 10_000, 0)).toBe(nowMs + hourMs);
  });
});

test('"none" is no proof within a minute of an earlier call', () => {
  expect(isProof(null, nowMs)).toBe(true);
  expect(isProof(nowMs - 59_999, nowMs)).toBe(false);
  expect(isProof(nowMs - 60_000, nowMs)).toBe(true);
});

test('a result in the log is checked after a minute, and one that was told again after an hour', () => {
  expect(checkAgainAtMs(tried(1, 0), nowMs)).toBe(nowMs + 60_000);
  expect(checkAgainAtMs(tried(1, 0, 0, 'TOLD'), nowMs)).toBe(nowMs + hourMs);
});

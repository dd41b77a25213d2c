import { describe, expect, it } from 'vitest';
import { retryDelaysMs } from '../config.ts';
import { type AttemptResult, parseRetryAfter, usualRetryDelays, verdictOf } from './attempt.ts';

const delays = retryDelaysMs(usualRetryDelays);
const failure = (retryAfterMs: number | null = null): AttemptResult => ({
  kind: 'failed',
  status: 500,
  error: 'answered 500',
  retryAfterMs,
  hostTrouble: true,
});
const at = (attempts: number, random = 0.5) => ({
  attempts,
  nowMs: 1_000_000,
  retryDelaysMs: delays,
  isTest: false,
  random,
});

describe('verdictOf', () => {
  it('retries after each delay, from 5 s to 24 h, and then disables the endpoint', () => {
    const hours = (n: number) => n * 3_600_000;
    const waits = [5_000, 300_000, 1_800_000, hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)];
    waits.forEach((wait, index) => {
      const verdict = verdictOf(failure(), at(index + 1));
      expect(verdict).toMatchObject({ status: 'PENDING', dueAtMs: 1_000_000 + wait, disable: null });
    });
    expect(verdictOf(failure(), at(10))).toMatchObject({ status: 'FAILED', disable: 'exhausted' });
  });

  it('spreads a delay by a tenth in both directions', () => {
    expect(verdictOf(failure(), at(1, 0)).dueAtMs).toBe(1_000_000 + 4_500);
    expect(verdictOf(failure(), at(1, 0.9999999)).dueAtMs).toBe(1_000_000 + 5_500);
  });

  it('waits as long as the receiver asks', () => {
    expect(verdictOf(failure(60_000), at(1)).dueAtMs).toBe(1_060_000);
    expect(verdictOf(failure(1_000), at(1)).dueAtMs).toBe(1_005_000);
  });

  it('tries a test event once, and does not disable the endpoint', () => {
    const verdict = verdictOf(failure(), { ...at(1), isTest: true });
    expect(verdict).toMatchObject({ status: 'FAILED', lastStatus: 500, disable: null });
    expect(verdictOf({ kind: 'gone', status: 410 }, { ...at(1), isTest: true }).disable).toBe('gone');
  });

  it('makes no further attempt after 410, after a final refusal and without a receiver', () => {
    expect(verdictOf({ kind: 'gone', status: 410 }, at(1))).toMatchObject({
      status: 'FAILED',
      disable: 'gone',
    });
    const refused: AttemptResult = { kind: 'refused', status: 550, error: 'no such mailbox' };
    expect(verdictOf(refused, at(1))).toMatchObject({ status: 'FAILED', disable: null });
    expect(verdictOf({ kind: 'dropped', error: 'erased' }, at(1))).toMatchObject({ status: 'DROPPED' });
  });
});

it('counts no attempt that was not made', () => {
  const verdict = verdictOf({ kind: 'postponed', delayMs: 30 }, at(3));
  expect(verdict).toMatchObject({ status: 'PENDING', dueAtMs: 1_000_030, counts: false, disable: null });
});

it('reads Retry-After as seconds and as a date', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  expect(parseRetryAfter('120', nowMs)).toBe(120_000);
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', nowMs)).toBe(60_000);
  expect(parseRetryAfter('soon', nowMs)).toBeNull();
  for (const forEver of ['999999999', 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    expect(parseRetryAfter(forEver, nowMs)).toBe(24 * 3_600_000);
  }
  expect(parseRetryAfter(undefined, nowMs)).toBeNull();
});

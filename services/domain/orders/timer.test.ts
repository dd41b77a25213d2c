import { describe, expect, it } from 'vitest';
import { firstTimerAtMs } from './timer.ts';

const placedAtMs = 1_700_000_000_000;
const unpaid = (windowMs: number) => ({ status: 'PENDING_PAYMENT', paymentDueAtMs: placedAtMs + windowMs });

describe('the timer of a new order', () => {
  it.each([
    [1_000, 2_000],
    [59_999, 119_998],
    [60_000, 120_000],
    [1_800_000, 1_860_000],
  ])('with a window of %d ms is due after %d ms', (windowMs, afterMs) => {
    expect(firstTimerAtMs(unpaid(windowMs), placedAtMs)).toBe(placedAtMs + afterMs);
  });

  it('does not exist for an order that is paid or rejected', () => {
    expect(firstTimerAtMs({ status: 'PAID', paymentDueAtMs: null }, placedAtMs)).toBeNull();
    expect(firstTimerAtMs({ ...unpaid(1_000), status: 'REJECTED' }, placedAtMs)).toBeNull();
  });
});

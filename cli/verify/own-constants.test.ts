/** Checkers have constants of their own, so that an error in the product does not hide itself. Here they are compared. */
import { expect, test } from 'vitest';
import { stepOf } from '../../services/payments/refunds/plan.ts';
import { withoutCoupon } from '../../services/reconciliation/walking/coupons.ts';
import { paidStatuses } from '../../services/reconciliation/walking/payments.ts';
import { callingMaxMs, callsMax } from '../../services/reconciliation/walking/refunds.ts';
import { WITHOUT_COUPON } from './check-coupons.ts';
import { PAID } from './check-payments.ts';

test('verify and reconciliation agree on the statuses of paid orders, and of orders that gave their coupon back', () => {
  expect([...PAID].sort()).toEqual([...paidStatuses].sort());
  expect([...WITHOUT_COUPON].sort()).toEqual([...withoutCoupon].sort());
});

test('reconciliation knows when services/payments calls a provider for the last time', () => {
  const nowMs = 1_000_000_000;
  const step = (attempts: number, ageMs: number) =>
    stepOf({ state: 'OPEN', attempts, firstAtMs: nowMs - ageMs, lastAtMs: nowMs }, nowMs);
  expect([step(callsMax - 1, 0), step(callsMax, 0)]).toEqual(['refund', 'giveUp']);
  expect([step(1, callingMaxMs - 1), step(1, callingMaxMs)]).toEqual(['findThenRefund', 'giveUp']);
});

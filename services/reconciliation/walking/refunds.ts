/** (m) Finds refunds that wait for too long, and refunds that failed and that nobody retried. */
import { bytesToUuid } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import { freeOf, type RefundsByPayment } from './payments.ts';
import type { KeyRows, PaymentRow, RefundRow } from './rows.ts';

/** How long a refund may be REQUESTED. */
export interface RefundLimits {
  refundMaxMs: number;
  /** The same for a refund that the provider is working on. */
  refundPendingMaxMs: number;
}

/**
 * After so many calls or so long, `services/payments` calls no more. It asks once a minute later whether the refund was made.
 * `services/payments/refunds/plan.ts` has the same numbers, and a test compares them.
 */
export const callsMax = 10;
export const callingMaxMs = 24 * 3_600_000;
/** So long after the last call, the result of that question is in the tables. */
const askedMs = 10 * 60_000;

export function compareRefunds(
  { payments, refunds }: KeyRows,
  sums: RefundsByPayment,
  limits: RefundLimits,
  nowMs: number,
): Difference[] {
  return refunds.flatMap((refund) => {
    if (refund.status === 'REQUESTED') return isStuck(refund, limits, nowMs) ? [stuckDifference(refund)] : [];
    const payment = payments.find(({ payment_id }) => payment_id.equals(refund.payment_id));
    return canBeRetried(refund, payment, sums) ? [failedDifference(refund)] : [];
  });
}

function isStuck(refund: RefundRow, limits: RefundLimits, nowMs: number): boolean {
  const { state, tries, first_call_ms: firstMs, last_call_ms: lastMs, requested_at_ms: sinceMs } = refund;
  const maxMs = state === 'PENDING' ? limits.refundPendingMaxMs : limits.refundMaxMs;
  if (sinceMs < nowMs - maxMs) return true;
  if (state !== 'OPEN' || firstMs === null || lastMs === null || lastMs > nowMs - askedMs) return false;
  return (tries ?? 0) >= callsMax || firstMs < nowMs - callingMaxMs;
}

/** Another refund may have taken the place of the failed one. Then a retry is refused, and nothing is left to do. */
function canBeRetried(refund: RefundRow, payment: PaymentRow | undefined, sums: RefundsByPayment): boolean {
  if (refund.status !== 'FAILED' || refund.retried !== 0 || payment === undefined) return false;
  return freeOf(payment, sums) >= refund.amount;
}

function stuckDifference(refund: RefundRow): Difference {
  const { order_id, amount, currency, requested_at_ms: since, state, tries } = refund;
  return {
    kind: 'REFUND_STUCK',
    subject: bytesToUuid(refund.refund_id),
    expected: 'a result',
    actual: JSON.stringify({
      orderId: bytesToUuid(order_id),
      ...{ amount, currency, since: new Date(since).toISOString(), state, calls: tries ?? 0 },
    }),
  };
}

function failedDifference(refund: RefundRow): Difference {
  const { order_id, amount, currency, failure_code: code } = refund;
  return {
    kind: 'REFUND_FAILED',
    subject: bytesToUuid(refund.refund_id),
    expected: 'success, or a retry',
    actual: JSON.stringify({ orderId: bytesToUuid(order_id), amount, currency, code }),
  };
}

/** Requests refunds: each is one row, and at most one refund at the provider. */
import type { DecisionContext } from '../context.ts';
import { refundIdOf } from './ids.ts';
import type { KnownPayment, KnownRefund, RefundReason } from './payment.ts';

interface RefundParts {
  readonly commandId: string;
  readonly payment: KnownPayment;
  readonly amount: number;
  readonly reason: RefundReason;
  readonly repeats?: KnownRefund;
}

/** Requests a refund of the payment. The caller has checked that the payment has this amount left. */
export function requestRefund(
  context: DecisionContext,
  { commandId, payment, amount, reason, repeats }: RefundParts,
): KnownRefund {
  const { orderId, at, paymentId, provider, providerPaymentId, currency } = payment;
  const refund: KnownRefund = {
    refundId: refundIdOf(orderId, commandId),
    orderId,
    at,
    no: context.money.nextRefundNo(payment),
    paymentId,
    provider,
    providerPaymentId,
    amount,
    currency,
    reason,
    retryOf: repeats?.refundId ?? null,
    lines: repeats?.lines ?? [],
    shipping: repeats?.shipping ?? false,
    status: 'REQUESTED',
    retried: false,
    resultProvider: null,
    providerRefundId: null,
    failureCode: null,
    settledAtMs: null,
  };
  context.money.addRefund(refund);
  return refund;
}

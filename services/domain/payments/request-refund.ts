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
  /** The units that it pays, and whether it pays the shipping. A refund that repeats another one has those of that one. */
  readonly lines?: KnownRefund['lines'];
  readonly shipping?: boolean;
}

/** Requests a refund of the payment. The caller has checked that the payment has this amount left. */
export function requestRefund(
  context: DecisionContext,
  { commandId, payment, amount, reason, repeats, lines = [], shipping = false }: RefundParts,
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
    lines: repeats?.lines ?? lines,
    shipping: repeats?.shipping ?? shipping,
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

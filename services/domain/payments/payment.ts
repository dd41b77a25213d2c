/** Payments and refunds as decisions see them. Amounts are minor units. */

/**
 * What a payment is for its order. SETTLES pays it. MISMATCH has a wrong amount or currency. SURPLUS came after the order
 * was paid, and LATE after it ended unpaid. UNMATCHED names no order. All but SETTLES are refunded at once.
 */
export type Disposition = 'SETTLES' | 'MISMATCH' | 'SURPLUS' | 'LATE' | 'UNMATCHED';

export type RefundStatus = 'REQUESTED' | 'SUCCEEDED' | 'FAILED';

/** Why a refund was requested. A retry has the reason of the refund that it repeats. */
export type RefundReason = Exclude<Disposition, 'SETTLES'> | 'CANCELLED' | 'ON_REQUEST' | 'RETURNED';

/** The position of the PLACE command of an order. For a payment without an order: the position of its own command. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface KnownPayment {
  readonly paymentId: string;
  readonly orderId: string;
  readonly at: LogPosition;
  /** Its number among the rows at this position, from 1. */
  readonly no: number;
  readonly provider: string;
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
  readonly disposition: Disposition;
  readonly disputed: number;
}

export interface KnownRefund {
  readonly refundId: string;
  readonly orderId: string;
  readonly at: LogPosition;
  /** Its number among the rows at this position, from 1. */
  readonly no: number;
  readonly paymentId: string;
  readonly provider: string;
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason: RefundReason;
  readonly retryOf: string | null;
  readonly lines: readonly { readonly line: number; readonly quantity: number }[];
  readonly shipping: boolean;
  status: RefundStatus;
  /** A newer refund repeats this one. */
  retried: boolean;
  /** Who reported the result; null while there is none. */
  resultProvider: string | null;
  /** A FAILED refund without it was given up: the provider has no such refund. */
  providerRefundId: string | null;
  failureCode: string | null;
  /** The time of its last result, epoch ms. */
  settledAtMs: number | null;
}

/** The payments and refunds that name one order. */
export interface OrderMoneyRows {
  readonly payments: KnownPayment[];
  readonly refunds: KnownRefund[];
}

/** What is left of a payment: its amount without open and successful refunds and disputes. */
export function freeOf(payment: KnownPayment, refunds: readonly KnownRefund[]): number {
  let free = payment.amount - payment.disputed;
  for (const { paymentId, status, amount } of refunds) {
    if (paymentId === payment.paymentId && status !== 'FAILED') free -= amount;
  }
  return Math.max(0, free);
}

/** The payment that settles the order, or undefined. */
export function settlingPayment({ payments }: OrderMoneyRows): KnownPayment | undefined {
  return payments.find(({ disposition }) => disposition === 'SETTLES');
}

/** What is left of the payment that settles the order; 0 without such a payment. */
export function refundableOf(rows: OrderMoneyRows): number {
  const payment = settlingPayment(rows);
  return payment === undefined ? 0 : freeOf(payment, rows.refunds);
}

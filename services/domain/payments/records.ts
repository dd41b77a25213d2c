/** Payments and refunds as outcomes show them. */
import type {
  OrderMoney,
  OrderUnits,
  PaymentChange,
  RefundChange,
} from '../../../schemas/generated/types.ts';
import type { KnownOrder, LineUnitCounts } from '../context.ts';
import type { KnownPayment, KnownRefund } from './payment.ts';

export function paymentRecord(payment: KnownPayment, providerEventId: string): PaymentChange {
  const { provider, providerPaymentId, amount, currency, paymentId, disposition } = payment;
  return {
    provider,
    providerEventId,
    status: 'CAPTURED',
    amount,
    currency,
    paymentId,
    providerPaymentId,
    disposition,
  };
}

export function refundRecord(refund: KnownRefund): RefundChange {
  const { refundId, paymentId, amount, currency, status, reason, retryOf, lines, shipping } = refund;
  return {
    refundId,
    paymentId,
    amount,
    currency,
    status,
    reason,
    retryOf,
    lines: lines.map(({ line, quantity }) => ({ line, quantity })),
    shipping,
    provider: refund.resultProvider,
    providerRefundId: refund.providerRefundId,
  };
}

/** The money of an order without payments. */
export const noMoney: OrderMoney = { received: 0, refundPending: 0, refunded: 0, disputed: 0 };

/** The money of an order after a command. */
export function moneyOf({ received, refundPending, refunded, disputed }: KnownOrder): OrderMoney {
  return { received, refundPending, refunded, disputed };
}

/** The units of all lines of an order after a command. */
export function unitsOf({
  lines,
}: {
  readonly lines: readonly (LineUnitCounts & { readonly quantity: number })[];
}): OrderUnits {
  const units: OrderUnits = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
  for (const line of lines) {
    units.ordered += line.quantity;
    units.cancelled += line.cancelled ?? 0;
    units.shipped += line.shipped ?? 0;
    units.returned += line.returned ?? 0;
    units.restocked += line.restocked ?? 0;
  }
  return units;
}

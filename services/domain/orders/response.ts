/** The order as clients see it. The API creates it from a row. The worker creates it from a decision. */
import type { OrderMoney, Reason } from '../../../schemas/generated/types.ts';
import { unitsOf } from '../payments/records.ts';
import type { PricedLine } from '../pricing/price.ts';
import type { LineUnitCounts } from './known-order.ts';
import { isFinal, type OrderStatus } from './status.ts';

export interface OrderView {
  readonly orderId: string;
  readonly version: number;
  readonly status: OrderStatus;
  readonly customerId: string;
  readonly currency: string;
  /** In the order of their numbers, from 1. */
  readonly lines: readonly (PricedLine & LineUnitCounts)[];
  readonly money: OrderMoney;
  readonly subtotal: number;
  readonly discount: number;
  readonly shipping: number;
  readonly tax: number;
  readonly taxIncluded: number;
  readonly total: number;
  readonly couponCode: string | null;
  readonly reason: Reason | null;
  readonly paymentDueAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** The resource without its links, because links contain tickets and differ per request. Amounts are minor units. */
export function orderResource(order: OrderView) {
  const { subtotal, discount, shipping, tax, taxIncluded, total, reason } = order;
  // The row keeps the deadline. The resource shows it only while the order waits for payment.
  const dueAtMs = order.status === 'PENDING_PAYMENT' ? order.paymentDueAtMs : null;
  return {
    id: order.orderId,
    version: order.version,
    status: order.status,
    customerId: order.customerId,
    currency: order.currency,
    items: order.lines.map(itemOf),
    totals: { subtotal, discount, shipping, tax, taxIncluded, total },
    money: order.money,
    units: unitsOf(order),
    ...(order.couponCode === null ? {} : { couponCode: order.couponCode }),
    ...(reason === null ? {} : { reason: publicReason(reason) }),
    ...(dueAtMs === null ? {} : { paymentDueAt: new Date(dueAtMs).toISOString() }),
    createdAt: new Date(order.createdAtMs).toISOString(),
    updatedAt: new Date(order.updatedAtMs).toISOString(),
  };
}

export type OrderResource = ReturnType<typeof orderResource>;

/** Whether nothing more is expected of the order: its status is final, and each refund has a result. */
export function isSettled({ status, money }: Pick<OrderResource, 'status' | 'money'>): boolean {
  return isFinal(status) && money.refundPending === 0;
}

function itemOf(line: OrderView['lines'][number], index: number) {
  const { sku, name, quantity, unitPrice, lineTotal } = line;
  const { cancelled = 0, shipped = 0, returned = 0, refunded = 0 } = line;
  return {
    line: index + 1,
    sku,
    ...(name === null ? {} : { name }),
    quantity,
    ...(unitPrice === null ? {} : { unitPrice, lineTotal }),
    ...{ cancelled, shipped, returned, refunded },
  };
}

function publicReason({ code, message, pointer }: Reason) {
  return pointer === null ? { code, message } : { code, message, pointer };
}

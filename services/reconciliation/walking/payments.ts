/**
 * (l) Compares payments and refunds with the money of their order. Orders, payments and refunds change in the same
 * transactions, so any difference in one snapshot is real.
 */
import { bytesToUuid } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { KeyRows, OrderRow, PaymentRow, RefundRow } from './rows.ts';

/** Orders in these statuses are paid. `cli/verify` has its own list, and a test compares the two. */
export const paidStatuses: ReadonlySet<string> = new Set([
  'PAID',
  'SHIPPED',
  'DELIVERED',
  'CLOSED',
  'RETURNED',
]);

/** What the refunds of one payment say. Amounts are minor units. */
interface RefundSums {
  requested: number;
  succeeded: number;
}

/** The refunds of each payment, by `payment_id` in hex. */
export type RefundsByPayment = ReadonlyMap<string, RefundSums>;

const noRefunds: RefundSums = { requested: 0, succeeded: 0 };

export function sumRefunds(refunds: readonly RefundRow[]): RefundsByPayment {
  const sums = new Map<string, RefundSums>();
  for (const { payment_id, status, amount } of refunds) {
    const key = payment_id.toString('hex');
    const { requested, succeeded } = sums.get(key) ?? noRefunds;
    sums.set(key, {
      requested: requested + (status === 'REQUESTED' ? amount : 0),
      succeeded: succeeded + (status === 'SUCCEEDED' ? amount : 0),
    });
  }
  return sums;
}

/** What is left of a payment for further refunds. */
export function freeOf({ payment_id, amount, disputed }: PaymentRow, sums: RefundsByPayment): number {
  const { requested, succeeded } = sums.get(payment_id.toString('hex')) ?? noRefunds;
  return amount - disputed - requested - succeeded;
}

/** Every difference in the money of one key. */
export function compareMoney(rows: KeyRows, sums: RefundsByPayment): Difference[] {
  const { order, payments } = rows;
  const differences: (Difference | null)[] =
    order === null ? [withoutOrder(rows)] : [compareSums(order, rows)];
  if (order !== null) differences.push(compareSettling(order, payments));
  for (const payment of payments) differences.push(comparePayment(order, payment, sums));
  return differences.filter((one) => one !== null);
}

/** Only an UNMATCHED payment and its refunds have no order. */
function withoutOrder({ payments, refunds }: KeyRows): Difference | null {
  const foreign = foreignRows(null, payments, refunds);
  if (foreign === 0) return null;
  return {
    kind: 'PAYMENT_DIFFERS',
    subject: bytesToUuid((payments[0] ?? refunds[0]!).order_id),
    expected: 'an order',
    actual: JSON.stringify({ payments: payments.length, refunds: refunds.length }),
  };
}

/** Payments in another currency are in no sum of the order. */
function compareSums(order: OrderRow, { payments, refunds }: KeyRows): Difference | null {
  const [sums, foreign] = [
    { received: 0, refundPending: 0, refunded: 0, disputed: 0 },
    foreignRows(order, payments, refunds),
  ];
  for (const { currency, amount, disputed } of payments) {
    if (currency !== order.currency) continue;
    sums.received += amount;
    sums.disputed += disputed;
  }
  for (const { currency, amount, status } of refunds) {
    if (currency !== order.currency) continue;
    if (status === 'REQUESTED') sums.refundPending += amount;
    else if (status === 'SUCCEEDED') sums.refunded += amount;
  }
  const agrees =
    sums.received === order.received &&
    sums.refundPending === order.refund_pending &&
    sums.refunded === order.refunded &&
    sums.disputed === order.disputed &&
    foreign === 0;
  if (agrees) return null;
  const { received, refund_pending: refundPending, refunded, disputed } = order;
  return {
    kind: 'PAYMENT_DIFFERS',
    subject: bytesToUuid(order.order_id),
    expected: JSON.stringify({ ...sums, foreignRows: 0 }),
    actual: JSON.stringify({ received, refundPending, refunded, disputed, foreignRows: foreign }),
  };
}

/** Rows that belong to another order, or to no payment. */
function foreignRows(
  order: OrderRow | null,
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
): number {
  if (payments.length === 0 && refunds.length === 0) return 0;
  const own = new Map<string, PaymentRow>();
  let foreign = 0;
  for (const payment of payments) {
    const isOwn =
      order === null
        ? payment.disposition === 'UNMATCHED'
        : payment.disposition !== 'UNMATCHED' && payment.order_id.equals(order.order_id);
    if (isOwn) own.set(payment.payment_id.toString('hex'), payment);
    else foreign++;
  }
  for (const refund of refunds) {
    const payment = own.get(refund.payment_id.toString('hex'));
    const isOwn = payment?.currency === refund.currency && payment.order_id.equals(refund.order_id);
    if (!isOwn) foreign++;
  }
  return foreign;
}

/** An order that is paid has exactly one payment that settles it. An order of 0 needs none. */
function compareSettling(order: OrderRow, payments: readonly PaymentRow[]): Difference | null {
  const { status, total, currency } = order;
  if (!paidStatuses.has(status) || total <= 0) return null;
  const settling = payments.filter(({ disposition }) => disposition === 'SETTLES');
  if (settling.length === 1 && settling[0]!.amount === total && settling[0]!.currency === currency)
    return null;
  return {
    kind: 'PAID_UNPAID',
    subject: bytesToUuid(order.order_id),
    expected: `one payment of ${total} ${currency}`,
    actual: JSON.stringify({
      status,
      settling: settling.map((payment) => `${payment.amount} ${payment.currency}`),
    }),
  };
}

/** Money that settles no live order must be refunded, and none may be refunded twice. */
function comparePayment(
  order: OrderRow | null,
  payment: PaymentRow,
  sums: RefundsByPayment,
): Difference | null {
  const { payment_id, order_id, amount, currency, disposition, disputed } = payment;
  const refunds = sums.get(payment_id.toString('hex')) ?? noRefunds;
  const settles = disposition === 'SETTLES' && order !== null && paidStatuses.has(order.status);
  const isAbove = refunds.requested + refunds.succeeded > amount;
  const isStranded = !settles && freeOf(payment, sums) > 0;
  if (!isAbove && !isStranded) return null;
  const orderId = bytesToUuid(order_id);
  return {
    kind: isAbove ? 'REFUND_ABOVE' : 'MONEY_STRANDED',
    subject: bytesToUuid(payment_id),
    expected: isAbove
      ? `at most ${amount} ${currency} refunded`
      : `${amount - disputed} ${currency} refunded or requested`,
    actual: JSON.stringify({ orderId, status: order?.status ?? null, disposition, ...refunds }),
  };
}

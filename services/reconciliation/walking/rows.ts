/**
 * Reads orders with their lines, payments, refunds, shipments and returns in chunks by key. All these tables have the key of the order first.
 * So the rows of one chunk are joined here, and each table is read once. Money without an order has a key of its own.
 */
import { customerCounted, type OrderStatus } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { type MovedUnits, readMovedUnits } from './moved-units.ts';

export interface OrderRow {
  order_key: number;
  order_id: Buffer;
  customer_id: string;
  status: OrderStatus;
  version: number;
  currency: string;
  subtotal: number;
  discount: number;
  shipping: number;
  tax: number;
  total: number;
  received: number;
  refund_pending: number;
  refunded: number;
  disputed: number;
  payment_due_at_ms: number | null;
  timer_at_ms: number | null;
  updated_at_ms: number;
  /** Bits of the coupon counters that the order took. */
  coupon_counted: number;
  /** Null if the order took no counter. */
  coupon_code: string | null;
  /** Null if the order took no counter of its customer. */
  coupon_customer: string | null;
  /** The units that the order counts as unpaid, and its customer: null if it counts none. */
  unpaid_units: number;
  unpaid_customer: string | null;
}

export interface LineRow {
  order_key: number;
  line_no: number;
  sku: string;
  quantity: number;
  cancelled: number;
  shipped: number;
  returned: number;
  restocked: number;
  refunded: number;
  /** Null for a line of a rejected order without a price. */
  unit_price: number | null;
  line_total: number | null;
}

export interface PaymentRow {
  order_key: number;
  payment_id: Buffer;
  order_id: Buffer;
  amount: number;
  currency: string;
  disposition: string;
  disputed: number;
  provider: string;
  provider_payment_id: string;
  received_at_ms: number;
}

export interface RefundRow {
  order_key: number;
  refund_id: Buffer;
  order_id: Buffer;
  payment_id: Buffer;
  amount: number;
  currency: string;
  status: string;
  /** 1 if a newer refund repeats this one. */
  retried: number;
  failure_code: string | null;
  /** The provider of the result and its id of the refund. Null without a result. */
  result_provider: string | null;
  provider_refund_id: string | null;
  requested_at_ms: number;
  settled_at_ms: number | null;
  /** The calls of `services/payments` for an open refund. Null without a call. */
  state: string | null;
  tries: number | null;
  first_call_ms: number | null;
  last_call_ms: number | null;
}

/** The rows of one key. */
export interface KeyRows {
  /** Null for money without an order. */
  order: OrderRow | null;
  lines: readonly LineRow[];
  payments: readonly PaymentRow[];
  refunds: readonly RefundRow[];
  /** Undefined for an order without shipments and returns. */
  moved?: MovedUnits | undefined;
}

/** Orders of one chunk. */
const chunkOrders = 4_000;
const none: readonly never[] = [];

const readOrders =
  'SELECT order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax, total, received, refund_pending, refunded, ' +
  'disputed, payment_due_at_ms, timer_at_ms, updated_at_ms, coupon_counted, ' +
  'IF(coupon_counted = 0, NULL, coupon_code) AS coupon_code, ' +
  `IF(coupon_counted & ${customerCounted}, customer_id, NULL) AS coupon_customer, unpaid_units, ` +
  "IF(unpaid_units > 0 AND status = 'PENDING_PAYMENT', customer_id, NULL) AS unpaid_customer FROM orders";
const readLines =
  'SELECT order_key, line_no, sku, quantity, cancelled, shipped, returned, restocked, refunded, unit_price, line_total ' +
  'FROM order_items';
const readPayments =
  'SELECT order_key, payment_id, order_id, amount, currency, disposition, disputed, provider, provider_payment_id, received_at_ms ' +
  'FROM payments';
const readRefunds =
  'SELECT order_key, r.refund_id, order_id, payment_id, amount, currency, status, retried, failure_code, result_provider, ' +
  'r.provider_refund_id, requested_at_ms, settled_at_ms, a.state, a.tries, a.first_call_ms, a.last_call_ms FROM refunds r ' +
  "LEFT JOIN refund_attempts a ON status = 'REQUESTED' AND a.refund_id = r.refund_id";

/**
 * Visits the rows of the keys behind `after`, in the order of keys. Returns the last key of the chunk, or null at the end.
 * Lines without an order are left out.
 */
export async function readChunk(
  session: Pick<Session, 'rows'>,
  after: number,
  visit: (rows: KeyRows) => void,
): Promise<number | null> {
  const orders = await session.rows<OrderRow>(
    `${readOrders} WHERE order_key > ? ORDER BY order_key LIMIT ?`,
    [after, chunkOrders],
  );
  const isLast = orders.length < chunkOrders;
  // The key of money without an order may be behind the last order.
  const upTo = isLast ? Number.MAX_SAFE_INTEGER : orders.at(-1)!.order_key;
  const rowsOf = async <Row extends { order_key: number }>(select: string) =>
    cursorOf(
      await session.rows<Row>(`${select} WHERE order_key > ? AND order_key <= ? ORDER BY order_key`, [
        after,
        upTo,
      ]),
    );
  const lines = await rowsOf<LineRow>(readLines);
  const payments = await rowsOf<PaymentRow>(readPayments);
  const refunds = await rowsOf<RefundRow>(readRefunds);
  const moved = await readMovedUnits(session, after, upTo);
  const visitMoneyBefore = (key: number): void => {
    for (;;) {
      const next = Math.min(payments.key(), refunds.key());
      if (next >= key) return;
      visit({ order: null, lines: none, payments: payments.take(next), refunds: refunds.take(next) });
    }
  };
  for (const order of orders) {
    const key = order.order_key;
    visitMoneyBefore(key);
    lines.skipTo(key);
    visit({
      ...{ order, lines: lines.take(key), payments: payments.take(key), refunds: refunds.take(key) },
      moved: moved.get(key),
    });
  }
  visitMoneyBefore(Number.POSITIVE_INFINITY);
  return isLast ? null : upTo;
}

interface Cursor<Row> {
  /** The key of the next row; infinite at the end. */
  key(): number;
  skipTo(key: number): void;
  /** The next rows, as long as they have this key. */
  take(key: number): readonly Row[];
}

function cursorOf<Row extends { order_key: number }>(rows: readonly Row[]): Cursor<Row> {
  let next = 0;
  const key = (): number => rows[next]?.order_key ?? Number.POSITIVE_INFINITY;
  return {
    key,
    skipTo(wanted) {
      while (key() < wanted) next++;
    },
    take(wanted) {
      const from = next;
      while (key() === wanted) next++;
      return from === next ? none : rows.slice(from, next);
    },
  };
}

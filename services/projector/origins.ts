/**
 * The values that acceptance fixed, for orders decided before the current batch: these columns never change.
 */
import type { TermsLine } from '../../schemas/index.ts';
import { bytesToUuid, type Queryable, uuidToBytes } from '../shared/mysql/index.ts';
import type { Origin } from './projection.ts';

/** Orders of one query; a batch needs at most a few queries. */
const ordersMax = 500;

interface AcceptedOrderRow {
  order_id: Buffer;
  order_key: number;
  currency: string;
  subtotal: number;
  discount: number;
  shipping: number;
  tax: number;
  total: number;
  coupon_code: string | null;
  price_version: number;
  payment_due_at_ms: number | null;
  created_at_ms: number;
}

type LineRow = { order_key: number; sku: string; quantity: number; unit_price: number; line_total: number };

/** The orders that have a row. Takes no locks. */
export async function readOrigins(
  pool: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, Origin>> {
  const origins = new Map<string, Origin>();
  for (let at = 0; at < orderIds.length; at += ordersMax) {
    await readSome(pool, orderIds.slice(at, at + ordersMax), origins);
  }
  return origins;
}

async function readSome(
  pool: Queryable,
  orderIds: readonly string[],
  origins: Map<string, Origin>,
): Promise<void> {
  const orders = await pool.rows<AcceptedOrderRow & object>(
    'SELECT order_id, order_key, currency, subtotal, discount, shipping, tax, total, coupon_code, price_version, ' +
      `payment_due_at_ms, created_at_ms FROM orders WHERE order_id IN (${marks(orderIds.length)})`,
    orderIds.map(uuidToBytes),
  );
  if (orders.length === 0) return;
  const lines = await pool.rows<LineRow>(
    'SELECT order_key, sku, quantity, unit_price, line_total FROM order_items ' +
      `WHERE order_key IN (${marks(orders.length)}) ORDER BY order_key, line_no`,
    orders.map((row) => row.order_key),
  );
  const linesOf = Map.groupBy(lines, (line) => line.order_key);
  for (const row of orders) {
    origins.set(bytesToUuid(row.order_id), originOf(row, linesOf.get(row.order_key) ?? []));
  }
}

function originOf(row: AcceptedOrderRow, lines: readonly LineRow[]): Origin {
  const { currency, subtotal, discount, shipping, tax, total } = row;
  return {
    createdAt: row.created_at_ms,
    terms: {
      currency,
      lines: lines.map(toLine),
      subtotal,
      discount,
      shipping,
      tax,
      total,
      couponCode: row.coupon_code,
      priceVersion: row.price_version,
      paymentDueAt: row.payment_due_at_ms,
    },
  };
}

function toLine({ sku, quantity, unit_price, line_total }: LineRow): TermsLine {
  return { sku, quantity, unitPrice: unit_price, lineTotal: line_total };
}

function marks(count: number): string {
  return Array(count).fill('?').join(',');
}

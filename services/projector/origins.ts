/** Reads the values that the first outcome fixed, for orders decided before the current batch. These columns never change. */
import type { TermsLine } from '../../schemas/index.ts';
import { reasonOf, selectItems, selectOrders } from '../orders-db/index.ts';
import { bytesToUuid, type Queryable } from '../shared/mysql/index.ts';
import { type Origin, shownReason } from './projection.ts';

/** Maximum number of orders in one query. A batch needs at most a few queries. */
const ordersMax = 500;

const orderColumns = [
  'order_id',
  'order_key',
  'status',
  'currency',
  'subtotal',
  'discount',
  'shipping',
  'tax',
  'tax_included',
  'shipping_tax_rate_ppm',
  'shipping_method',
  'total',
  'coupon_code',
  'reason',
  'price_version',
  'rules_version',
  'flags',
  'payment_due_at_ms',
  'created_at_ms',
] as const;
const lineColumns = [
  'order_key',
  'sku',
  'quantity',
  'unit_price',
  'line_total',
  'discount',
  'tax',
  'tax_included',
  'tax_rate_ppm',
] as const;
type AcceptedOrderRow = Awaited<ReturnType<typeof readRows>>['orders'][number];
type LineRow = Awaited<ReturnType<typeof readRows>>['lines'][number];

/** The origins of the orders that have a row. Takes no locks. */
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
  const { orders, lines } = await readRows(pool, orderIds);
  const linesOf = Map.groupBy(lines, (line) => line.order_key);
  for (const row of orders) {
    origins.set(bytesToUuid(row.order_id), originOf(row, linesOf.get(row.order_key) ?? []));
  }
}

async function readRows(pool: Queryable, orderIds: readonly string[]) {
  const orders = await selectOrders(pool, orderColumns, orderIds);
  const keys = orders.map(({ order_key }) => order_key);
  return { orders, lines: await selectItems(pool, lineColumns, keys) };
}

function originOf(row: AcceptedOrderRow, lines: readonly LineRow[]): Origin {
  const { currency, subtotal, discount, shipping, tax, total, created_at_ms: createdAt } = row;
  const reason = shownReason(reasonOf(row.reason));
  // Late money changes a rejected order too. It stays rejected, and a rejected order has no terms.
  if (row.status === 'REJECTED') return { createdAt, reason, terms: null };
  return {
    createdAt,
    reason,
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
      taxIncluded: row.tax_included,
      shippingTaxRatePpm: row.shipping_tax_rate_ppm,
      rulesVersion: row.rules_version,
      flags: row.flags,
      shippingMethod: row.shipping_method,
    },
  };
}

/** Converts a line. Every line of an accepted order has a price. */
function toLine(row: LineRow): TermsLine {
  return {
    sku: row.sku,
    quantity: row.quantity,
    unitPrice: row.unit_price!,
    lineTotal: row.line_total!,
    discount: row.discount,
    tax: row.tax,
    taxIncluded: row.tax_included,
    taxRatePpm: row.tax_rate_ppm,
  };
}

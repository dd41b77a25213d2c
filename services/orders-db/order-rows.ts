/** Reads rows of `orders` and `order_items` with the requested columns. */
import type { Reason } from '../../schemas/index.ts';
import { type Queryable, uuidToSql } from '../shared/mysql/index.ts';

/** Columns of `orders` as the driver returns them. */
export interface OrderColumns {
  order_key: number;
  order_id: Buffer;
  customer_id: string;
  status: string;
  version: number;
  currency: string;
  subtotal: number;
  discount: number;
  shipping: number;
  tax: number;
  tax_included: number;
  total: number;
  coupon_code: string | null;
  /** Why the order was rejected, as JSON. `reasonOf` reads it. */
  reason: string | null;
  /** Bits of the coupon counters that the order took. */
  coupon_counted: number;
  price_version: number;
  rules_version: number;
  flags: string | null;
  shipping_tax_rate_ppm: number;
  shipping_method: string | null;
  fingerprint: Buffer;
  contact: string | null;
  /** Sums of payments and refunds in the currency of the order. */
  received: number;
  refund_pending: number;
  refunded: number;
  disputed: number;
  payment_due_at_ms: number | null;
  created_at_ms: number;
}

/** Columns of `order_items`. A line of a rejected order may have no price. */
export interface ItemColumns {
  order_key: number;
  line_no: number;
  sku: string;
  quantity: number;
  unit_price: number | null;
  line_total: number | null;
  discount: number;
  tax: number;
  tax_included: number;
  tax_rate_ppm: number;
  cancelled: number;
  shipped: number;
  returned: number;
  restocked: number;
  refunded: number;
}

type Reader = Pick<Queryable, 'rows'>;

/** Reads the orders that have a row, unsorted. Takes no locks. */
export async function selectOrders<Column extends keyof OrderColumns>(
  db: Reader,
  columns: readonly Column[],
  orderIds: readonly string[],
): Promise<Pick<OrderColumns, Column>[]> {
  if (orderIds.length === 0) return [];
  return db.rows(
    `SELECT ${columns.join(', ')} FROM orders WHERE order_id IN (${orderIds.map(uuidToSql).join(',')})`,
  );
}

/** Reads the lines of these orders, by order and line number. Takes no locks. */
export async function selectItems<Column extends keyof ItemColumns>(
  db: Reader,
  columns: readonly Column[],
  orderKeys: readonly number[],
): Promise<Pick<ItemColumns, Column>[]> {
  if (orderKeys.length === 0) return [];
  return db.rows(
    `SELECT ${columns.join(', ')} FROM order_items WHERE order_key IN (${orderKeys.join(',')}) ` +
      'ORDER BY order_key, line_no',
  );
}

/** Reads a stored reason. Text that is not JSON becomes the message: an operator may have written it by hand. */
export function reasonOf(text: string | null): Reason | null {
  if (text === null) return null;
  try {
    const { code, message, pointer = null, seen = null } = JSON.parse(text) as Partial<Reason>;
    return { code: code ?? 'OTHER', message: message ?? '', pointer, seen };
  } catch {
    // Invalid JSON is no error here: the column accepts any text.
    return { code: 'OTHER', message: text, pointer: null, seen: null };
  }
}

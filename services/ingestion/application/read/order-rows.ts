/** Converts rows of `orders` and `order_items` to the orders that clients see. */
import type { OrderStatus, OrderView } from '../../../domain/index.ts';
import { type ItemColumns, type OrderColumns, reasonOf } from '../../../orders-db/index.ts';
import { bytesToUuid } from '../../../shared/mysql/index.ts';

/** One line of an order, with the columns of its order. */
export type OrderLineRow = Omit<
  OrderColumns,
  'order_key' | 'coupon_counted' | 'price_version' | 'fingerprint' | 'contact'
> &
  Pick<
    ItemColumns,
    'quantity' | 'unit_price' | 'line_total' | 'cancelled' | 'shipped' | 'returned' | 'restocked'
  > & {
    order_key: number | string;
    updated_at_ms: number;
    sku: string | null;
    name: string | null;
    /** `refunded` of the line. The column of the order has the same name. */
    units_refunded: number;
  };

export const orderColumns =
  'o.order_key, o.order_id, o.customer_id, o.status, o.version, o.currency, o.subtotal, o.discount, o.shipping, o.tax, ' +
  'o.tax_included, o.total, o.received, o.refund_pending, o.refunded, o.disputed, o.coupon_code, o.reason, ' +
  'o.payment_due_at_ms, o.created_at_ms, o.updated_at_ms, i.sku, p.name, i.quantity, i.unit_price, i.line_total, ' +
  'i.cancelled, i.shipped, i.returned, i.restocked, i.refunded AS units_refunded';

export const orderJoins =
  'LEFT JOIN order_items i ON i.order_key = o.order_key LEFT JOIN products p ON p.sku = i.sku';

export interface StoredOrder extends OrderView {
  readonly orderKey: number;
}

/** An order while its lines are read. */
type OpenOrder = StoredOrder & { lines: OrderView['lines'][number][] };

/** Groups rows into orders. The rows of an order must be adjacent, in the order of its lines. */
export function ordersOf(rows: readonly OrderLineRow[]): StoredOrder[] {
  const orders: OpenOrder[] = [];
  let last: OpenOrder | undefined;
  for (const row of rows) {
    const orderKey = Number(row.order_key);
    if (last?.orderKey !== orderKey) {
      last = orderOf(row, orderKey);
      orders.push(last);
    }
    if (row.sku !== null) {
      const { sku, name, quantity, cancelled, shipped, returned, restocked } = row;
      const units = { cancelled, shipped, returned, restocked, refunded: row.units_refunded };
      last.lines.push({
        sku,
        name,
        quantity,
        unitPrice: row.unit_price,
        lineTotal: row.line_total,
        ...units,
      });
    }
  }
  return orders;
}

function orderOf(row: OrderLineRow, orderKey: number): OpenOrder {
  return {
    orderKey,
    orderId: bytesToUuid(row.order_id),
    version: row.version,
    status: row.status as OrderStatus,
    customerId: row.customer_id,
    currency: row.currency,
    lines: [],
    money: {
      received: row.received,
      refundPending: row.refund_pending,
      refunded: row.refunded,
      disputed: row.disputed,
    },
    subtotal: row.subtotal,
    discount: row.discount,
    shipping: row.shipping,
    tax: row.tax,
    taxIncluded: row.tax_included,
    total: row.total,
    couponCode: row.coupon_code,
    reason: reasonOf(row.reason),
    paymentDueAtMs: row.payment_due_at_ms,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

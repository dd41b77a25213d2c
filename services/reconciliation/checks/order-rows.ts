/** Rows of orders for comparison: by id, or by key ranges if their first outcomes show where they are. */
import { bytesToUuid, type Queryable, uuidToBytes } from '../../shared/mysql/index.ts';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';

export interface RowState {
  orderId: string;
  customerId: string;
  status: string;
  version: number;
  total: number;
}

interface ComparedOrderRow {
  order_key: number;
  order_id: Buffer;
  customer_id: string;
  status: string;
  version: number;
  total: number;
}

const columns = 'order_key, order_id, customer_id, status, version, total';
const partitionKeys = 2 ** 48;
/** Offsets that one range may span per wanted order; beyond this, most rows read would be useless. */
const spanPerOrder = 4;

/** Rows by order id; a missing order has no entry. */
export async function readOrders(
  mysql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, RowState>> {
  if (orderIds.length === 0) return new Map();
  const rows = await mysql.rows<ComparedOrderRow>(
    `SELECT ${columns} FROM orders WHERE order_id IN (${orderIds.map(() => '?').join(', ')})`,
    orderIds.map((id) => uuidToBytes(id)),
  );
  return new Map(rows.map(stateOf).map((row) => [row.orderId, row]));
}

/**
 * Like `readOrders`, for orders of one partition whose first outcomes just arrived. The key of a new order
 * follows from its command's offset. A range of keys costs the database a fraction of as many ids. Orders
 * that are not there are searched by id.
 */
export async function readNewOrders(
  mysql: Queryable,
  orders: readonly ExpectedOrder[],
): Promise<Map<string, RowState>> {
  const offsets = orders.map(({ sourceOffset }) => sourceOffset);
  const [first, last] = [Math.min(...offsets), Math.max(...offsets)];
  const found = new Map<string, RowState>();
  if (orders.length > 0 && last - first < spanPerOrder * orders.length) {
    const from = orders[0]!.partition * partitionKeys;
    const rows = await mysql.rows<ComparedOrderRow>(
      `SELECT ${columns} FROM orders WHERE order_key BETWEEN ? AND ?`,
      [from + first, from + last],
    );
    for (const row of rows.map(stateOf)) found.set(row.orderId, row);
  }
  const missing = orders.map(({ orderId }) => orderId).filter((id) => !found.has(id));
  return missing.length === 0 ? found : new Map([...found, ...(await readOrders(mysql, missing))]);
}

function stateOf({ order_id, customer_id: customerId, status, version, total }: ComparedOrderRow): RowState {
  return { orderId: bytesToUuid(order_id), customerId, status, version, total };
}

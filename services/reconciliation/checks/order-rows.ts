/** Rows of orders, as they are compared: by id, or in the order of their table where their first outcomes say where they are. */
import { bytesToUuid, type Queryable, uuidToBytes } from '../../shared/mysql/index.ts';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';

export interface RowState {
  orderId: string;
  customerId: string;
  status: string;
  version: number;
  total: number;
}

interface OrderRow {
  order_key: number;
  order_id: Buffer;
  customer_id: string;
  status: string;
  version: number;
  total: number;
}

const columns = 'order_key, order_id, customer_id, status, version, total';
const partitionKeys = 2 ** 48;
/** Offsets that one range may span per order that is looked for; beyond, most of what it reads is not wanted. */
const spanPerOrder = 4;

/** Rows by order id; what is missing is missing. */
export async function readOrders(
  mysql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, RowState>> {
  if (orderIds.length === 0) return new Map();
  const rows = await mysql.rows<OrderRow>(
    `SELECT ${columns} FROM orders WHERE order_id IN (${orderIds.map(() => '?').join(', ')})`,
    orderIds.map((id) => uuidToBytes(id)),
  );
  return new Map(rows.map(stateOf).map((row) => [row.orderId, row]));
}

/**
 * As `readOrders`, for orders of one partition whose first outcomes have just come: a new order's key is where its command
 * stands, and a range of keys costs the database a fraction of as many ids. Whatever is not there is looked for by id.
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
    const rows = await mysql.rows<OrderRow>(`SELECT ${columns} FROM orders WHERE order_key BETWEEN ? AND ?`, [
      from + first,
      from + last,
    ]);
    for (const row of rows.map(stateOf)) found.set(row.orderId, row);
  }
  const missing = orders.map(({ orderId }) => orderId).filter((id) => !found.has(id));
  return missing.length === 0 ? found : new Map([...found, ...(await readOrders(mysql, missing))]);
}

function stateOf({ order_id, customer_id: customerId, status, version, total }: OrderRow): RowState {
  return { orderId: bytesToUuid(order_id), customerId, status, version, total };
}

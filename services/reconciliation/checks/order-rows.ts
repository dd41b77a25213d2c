/** Reads the rows of orders for comparison, by id or by ranges of keys. */
import { orderKeyOf, selectOrders } from '../../orders-db/index.ts';
import { bytesToUuid, type Queryable } from '../../shared/mysql/index.ts';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';

export interface RowState {
  orderId: string;
  customerId: string;
  status: string;
  version: number;
  total: number;
}

const columns = ['order_key', 'order_id', 'customer_id', 'status', 'version', 'total'] as const;
type ComparedOrderRow = Awaited<ReturnType<typeof selectOrders<(typeof columns)[number]>>>[number];

/** Offsets that one range may span per wanted order. In a longer range, most rows would be useless. */
const spanPerOrder = 4;

/** Rows by order id. A missing order has no entry. */
export async function readOrders(
  mysql: Queryable,
  orderIds: readonly string[],
): Promise<Map<string, RowState>> {
  const rows = await selectOrders(mysql, columns, orderIds);
  return new Map(rows.map(stateOf).map((row) => [row.orderId, row]));
}

/**
 * Like `readOrders`, for orders of one partition whose first outcomes just arrived. The key of a new order follows
 * from its command's offset. A range of keys costs the database much less than the same number of ids. Orders that
 * are not in the range are searched by id.
 */
export async function readNewOrders(
  mysql: Queryable,
  orders: readonly ExpectedOrder[],
): Promise<Map<string, RowState>> {
  const offsets = orders.map(({ sourceOffset }) => sourceOffset);
  const [first, last] = [Math.min(...offsets), Math.max(...offsets)];
  const found = new Map<string, RowState>();
  if (orders.length > 0 && last - first < spanPerOrder * orders.length) {
    const { partition } = orders[0]!;
    const rows = await mysql.rows<ComparedOrderRow>(
      `SELECT ${columns.join(', ')} FROM orders WHERE order_key BETWEEN ? AND ?`,
      [orderKeyOf(partition, first), orderKeyOf(partition, last)],
    );
    for (const row of rows.map(stateOf)) found.set(row.orderId, row);
  }
  const missing = orders.map(({ orderId }) => orderId).filter((id) => !found.has(id));
  return missing.length === 0 ? found : new Map([...found, ...(await readOrders(mysql, missing))]);
}

function stateOf({ order_id, customer_id: customerId, status, version, total }: ComparedOrderRow): RowState {
  return { orderId: bytesToUuid(order_id), customerId, status, version, total };
}

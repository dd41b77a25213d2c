/** Reads the rows of orders for comparison, by id or by ranges of keys. */
import type { OrderMoney, OrderUnits } from '../../../schemas/index.ts';
import { orderKeyOf, selectOrders } from '../../orders-db/index.ts';
import { bytesToUuid, type Queryable } from '../../shared/mysql/index.ts';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';

export interface RowState {
  orderId: string;
  orderKey: number;
  customerId: string;
  status: string;
  version: number;
  total: number;
  money: OrderMoney;
  /** The units of its lines. Null if they were not read, because the outcome does not contain them. */
  units: OrderUnits | null;
}

const columns = [
  ...(['order_key', 'order_id', 'customer_id', 'status', 'version', 'total'] as const),
  ...(['received', 'refund_pending', 'refunded', 'disputed'] as const),
] as const;
type ComparedOrderRow = Awaited<ReturnType<typeof selectOrders<(typeof columns)[number]>>>[number];

/** The axes of `OrderUnits`, and the columns of `order_items` that they add up. */
const unitAxes = [
  ['ordered', 'quantity'],
  ['cancelled', 'cancelled'],
  ['shipped', 'shipped'],
  ['returned', 'returned'],
  ['restocked', 'restocked'],
] as const satisfies readonly (readonly [keyof OrderUnits, string])[];
const noUnits: OrderUnits = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };

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

/** The rows of these orders by id: new orders by their keys, others by their ids. A missing order has no entry. */
export async function readExpectedOrders(
  mysql: Queryable,
  orders: readonly ExpectedOrder[],
): Promise<Map<string, RowState>> {
  const { made = [], changed = [] } = Object.groupBy(orders, ({ version }) =>
    version === 1 ? 'made' : 'changed',
  );
  const rows = made.length === 0 ? new Map<string, RowState>() : await readNewOrders(mysql, made);
  if (changed.length === 0) return rows;
  const others = await readOrders(
    mysql,
    changed.map(({ orderId }) => orderId),
  );
  await addUnits(
    mysql,
    changed.flatMap(({ orderId, units }) => (units === null ? [] : (others.get(orderId) ?? []))),
  );
  return new Map([...rows, ...others]);
}

/** Reads the units of these orders into their rows. An order without lines has none. */
async function addUnits(mysql: Queryable, rows: readonly RowState[]): Promise<void> {
  if (rows.length === 0) return;
  const sums = unitAxes.map(([axis, column]) => `CAST(SUM(${column}) AS SIGNED) AS ${axis}`);
  const found = await mysql.rows<OrderUnits & { order_key: number }>(
    `SELECT order_key, ${sums.join(', ')} FROM order_items
     WHERE order_key IN (${rows.map(({ orderKey }) => orderKey).join(',')}) GROUP BY order_key`,
  );
  const byKey = new Map(found.map(({ order_key: key, ...units }) => [key, units]));
  for (const row of rows) row.units = byKey.get(row.orderKey) ?? noUnits;
}

/**
 * Like `readOrders`, for orders whose newest known outcome is the first one; they may be of several partitions.
 * The key of a new order follows from its command's offset. A range of keys costs the database a fraction of as
 * many ids. Orders that are not there are searched by id.
 */
async function readNewOrders(
  mysql: Queryable,
  orders: readonly ExpectedOrder[],
): Promise<Map<string, RowState>> {
  const ranges = [...Map.groupBy(orders, ({ partition }) => partition).values()].flatMap(rangeOf);
  const found = new Map<string, RowState>();
  if (ranges.length > 0) {
    const rows = await mysql.rows<ComparedOrderRow>(
      `SELECT ${columns.join(', ')} FROM orders WHERE ${ranges.map(() => 'order_key BETWEEN ? AND ?').join(' OR ')}`,
      ranges.flat(),
    );
    for (const row of rows.map(stateOf)) found.set(row.orderId, row);
  }
  const missing = orders.map(({ orderId }) => orderId).filter((id) => !found.has(id));
  return missing.length === 0 ? found : new Map([...found, ...(await readOrders(mysql, missing))]);
}

/** The keys of the first and the last order of one partition. None, if most rows between them would be useless. */
function rangeOf(orders: readonly ExpectedOrder[]): [first: number, last: number][] {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const { sourceOffset } of orders) {
    first = Math.min(first, sourceOffset);
    last = Math.max(last, sourceOffset);
  }
  if (last - first >= spanPerOrder * orders.length) return [];
  const { partition } = orders[0]!;
  return [[orderKeyOf(partition, first), orderKeyOf(partition, last)]];
}

function stateOf(row: ComparedOrderRow): RowState {
  const { order_id, customer_id: customerId, status, version, total } = row;
  const { received, refund_pending: refundPending, refunded, disputed } = row;
  const money = { received, refundPending, refunded, disputed };
  const [orderId, orderKey] = [bytesToUuid(order_id), row.order_key];
  return { orderId, orderKey, customerId, status, version, total, money, units: null };
}

/** Compares each order of one partition with its outcome. Reads orders and lines in bounded chunks by key. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type CouponUses, countCoupons } from './check-coupons.ts';
import { checkPayments } from './check-payments.ts';
import { checkUnits, countUnpaid } from './check-units.ts';
import type { Findings } from './checks.ts';
import {
  amountsChecksum,
  askedChecksum,
  checksum,
  HAS_AMOUNTS,
  HAS_ROW,
  IS_PLACE,
  type LaneLog,
  MADE_ORDER,
  moneyChecksum,
  type StatusCodes,
  unitsChecksum,
  unitsOfLines,
} from './lane-log.ts';
import { type CheckedLine, type CheckedOrderRow, toUuid } from './order-row.ts';

export interface OrderDeps {
  db: Connection;
  lane: LaneLog;
  findings: Findings;
  statuses: StatusCodes;
  /** Units on orders that hold or have sold stock, by SKU. The checks add to it. */
  held: Map<string, number>;
  /** Orders that took counters of coupons. The checks add to it. */
  coupons: CouponUses;
  /** Units with customers, by SKU. The checks add to it. */
  shipped: Map<string, number>;
  /** Units of unpaid orders, by customer. The checks add to it. */
  unpaid: Map<string, number>;
}

const ORDERS_PER_CHUNK = 2000;
const PARTITION_SHIFT = 2 ** 48;
/**
 * An order with one of these statuses has returned its stock, or never had any. This list is separate from the list
 * of the domain, so that an error there does not hide itself here. A test compares the two lists.
 */
export const WITHOUT_STOCK: ReadonlySet<string> = new Set([
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
]);

/** Checks every order of the partition. Returns their number, and how many are older than the log. */
export async function checkOrders(deps: OrderDeps): Promise<{ orders: number; olderThanLog: number }> {
  const { lane, findings } = deps;
  const start = lane.partition * PARTITION_SHIFT;
  const end = start + PARTITION_SHIFT;
  let from = start;
  let orders = 0;
  let olderThanLog = 0;
  for (;;) {
    const rows = await readChunk(deps.db, from, end);
    for (const row of rows) {
      const offset = row.key - start;
      if (offset < lane.base) olderThanLog += 1;
      else checkAgainstLog(row, offset, deps);
      checkMoney(row, findings);
      if (!WITHOUT_STOCK.has(row.status)) {
        for (const { sku, quantity, cancelled, restocked } of row.lines)
          add(deps.held, sku, quantity - cancelled - restocked);
      }
      for (const { sku, shipped, restocked } of row.lines) {
        if (shipped !== restocked) add(deps.shipped, sku, shipped - restocked);
      }
      countCoupons(deps.coupons, row);
      countUnpaid(deps.unpaid, row);
    }
    await checkHistory(deps.db, rows, findings);
    orders += rows.length;
    const last = rows.at(-1);
    const isEnd = last === undefined || rows.length < ORDERS_PER_CHUNK;
    // Money without an order has a key of its own, perhaps behind the last order.
    const to = isEnd ? end : last.key + 1;
    await checkPayments({ db: deps.db, findings, orders: rows, from, to });
    await checkUnits({ db: deps.db, findings, orders: rows, from, to });
    if (isEnd) break;
    from = to;
  }
  findOutcomesWithoutOrder(lane, findings);
  return { orders, olderThanLog };
}

async function readChunk(db: Connection, from: number, end: number): Promise<CheckedOrderRow[]> {
  const [orderRows] = await db.query<RowDataPacket[][]>({
    sql:
      'SELECT order_key, LOWER(HEX(order_id)), status, version, currency, subtotal, discount, shipping, tax, total, received, ' +
      'refund_pending, refunded, disputed, customer_id, coupon_code, coupon_counted, unpaid_units, archived_version FROM orders' +
      '  WHERE order_key >= ? AND order_key < ? ORDER BY order_key LIMIT ?',
    values: [from, end, ORDERS_PER_CHUNK],
    rowsAsArray: true,
  });
  const orders = orderRows.map(toOrder);
  const first = orders[0];
  const last = orders.at(-1);
  if (first === undefined || last === undefined) return [];

  const [itemRows] = await db.query<RowDataPacket[][]>({
    sql:
      'SELECT order_key, sku, quantity, unit_price, line_total, line_no, cancelled, shipped, returned, restocked, refunded ' +
      'FROM order_items WHERE order_key BETWEEN ? AND ? ORDER BY order_key, line_no',
    values: [first.key, last.key],
    rowsAsArray: true,
  });
  const byKey = new Map(orders.map((order) => [order.key, order]));
  for (const item of itemRows) byKey.get(Number(item[0]))?.lines.push(toLine(item));
  return orders;
}

function toOrder(row: unknown[]): CheckedOrderRow {
  return {
    key: Number(row[0]),
    id: toUuid(String(row[1])),
    status: String(row[2]),
    version: Number(row[3]),
    currency: String(row[4]),
    subtotal: Number(row[5]),
    discount: Number(row[6]),
    shipping: Number(row[7]),
    tax: Number(row[8]),
    total: Number(row[9]),
    received: Number(row[10]),
    refundPending: Number(row[11]),
    refunded: Number(row[12]),
    disputed: Number(row[13]),
    customerId: String(row[14]),
    couponCode: row[15] === null ? null : String(row[15]),
    couponCounted: Number(row[16]),
    unpaidUnits: Number(row[17]),
    historyFrom: Number(row[18] ?? 1),
    lines: [],
  };
}

function toLine(row: unknown[]): CheckedLine {
  return {
    sku: String(row[1]),
    quantity: Number(row[2]),
    unitPrice: row[3] === null ? null : Number(row[3]),
    lineTotal: row[4] === null ? null : Number(row[4]),
    lineNo: Number(row[5]),
    cancelled: Number(row[6]),
    shipped: Number(row[7]),
    returned: Number(row[8]),
    restocked: Number(row[9]),
    refunded: Number(row[10]),
  };
}

function add(units: Map<string, number>, sku: string, count: number): void {
  units.set(sku, (units.get(sku) ?? 0) + count);
}

function checkAgainstLog(
  row: CheckedOrderRow,
  offset: number,
  { lane, findings, statuses }: OrderDeps,
): void {
  const index = offset - lane.base;
  const flags = lane.flags[index] ?? 0;
  const where = `order ${row.id} of ${lane.partition}@${offset}`;
  if ((flags & MADE_ORDER) === 0 || lane.orderId[index] !== checksum(row.id)) {
    findings.add('orderWithoutOutcome', where);
    return;
  }
  lane.flags[index] = flags | HAS_ROW;
  const [status, version] = [statuses.name(lane.status[index] ?? 0), lane.version[index]];
  if (row.status !== status || row.version !== version) {
    findings.add(
      'unlikeOutcome',
      `${where}: row ${row.status} version ${row.version}, log ${status} version ${version}`,
    );
  } else if ((flags & HAS_AMOUNTS) !== 0 && lane.amounts[index] !== amountsChecksum(row)) {
    findings.add('unlikeOutcome', `${where}: amounts or lines`);
  } else if (lane.money[index] !== 0 && lane.money[index] !== moneyChecksum(row)) {
    findings.add('unlikeOutcome', `${where}: money`);
  } else if (lane.units[index] !== 0 && lane.units[index] !== unitsChecksum(unitsOfLines(row.lines))) {
    findings.add('unlikeOutcome', `${where}: units`);
  }
  if ((flags & IS_PLACE) !== 0 && lane.asked[index] !== askedChecksum(row.lines)) {
    findings.add('unlikeRequest', where);
  }
}

function findOutcomesWithoutOrder(lane: LaneLog, findings: Findings): void {
  for (let index = 0; index < lane.flags.length; index += 1) {
    const flags = lane.flags[index] ?? 0;
    if ((flags & MADE_ORDER) !== 0 && (flags & HAS_ROW) === 0) {
      findings.add('outcomeWithoutOrder', `outcome of ${lane.partition}@${lane.base + index}`);
    }
  }
}

/**
 * Checks the amounts of an order. Lines of a rejected order may lack prices. Its sums then include only priced
 * lines, or stay 0.
 */
function checkMoney(row: CheckedOrderRow, findings: Findings): void {
  const problems: string[] = [];
  if (row.lines.length === 0) problems.push('has no lines');
  const unpriced = row.lines.some((line) => line.unitPrice === null || line.lineTotal === null);
  if (unpriced && row.status !== 'REJECTED') problems.push('has a line without a price');
  for (const { sku, quantity, unitPrice, lineTotal } of row.lines) {
    if (quantity < 1) problems.push(`quantity ${quantity} of ${sku}`);
    if (unitPrice !== null && lineTotal !== unitPrice * quantity) problems.push(`line total of ${sku}`);
  }
  const lineSum = row.lines.reduce((sum, line) => sum + (line.lineTotal ?? 0), 0);
  if (row.status !== 'REJECTED' && row.subtotal !== lineSum)
    problems.push('subtotal is not the sum of its lines');
  if (row.total !== row.subtotal - row.discount + row.shipping + row.tax)
    problems.push('total is not the sum of its parts');
  if (Math.min(row.subtotal, row.discount, row.shipping, row.tax, row.total) < 0)
    problems.push('a negative amount');
  if (problems.length > 0) findings.add('money', `order ${row.id}: ${problems.join(', ')}`);
}

/** Checks that each later version than 1 has its history row, unless it is archived. Version 1 is the order itself. */
async function checkHistory(db: Connection, rows: CheckedOrderRow[], findings: Findings): Promise<void> {
  const changed = rows.filter((row) => row.version > row.historyFrom);
  if (changed.length === 0) return;
  const [found] = await db.query<RowDataPacket[]>(
    'SELECT LOWER(HEX(h.order_id)) AS id, COUNT(*) AS n, MAX(h.version) AS newest FROM order_history h WHERE h.order_id IN (?) GROUP BY h.order_id',
    [changed.map((row) => Buffer.from(row.id.replaceAll('-', ''), 'hex'))],
  );
  const history = new Map(found.map((row) => [toUuid(row['id']), row]));
  for (const row of changed) {
    const entry = history.get(row.id);
    const [n, newest] = [Number(entry?.['n'] ?? 0), Number(entry?.['newest'] ?? 1)];
    if (n !== row.version - row.historyFrom || newest !== row.version) {
      findings.add('history', `order ${row.id}: version ${row.version}, ${n} rows up to ${newest}`);
    }
  }
}

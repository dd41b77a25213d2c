/** Overwrites the personal fields in the rows of a customer's orders: addresses, contacts, metadata and free texts. */
import { bytesToUuid, classifyMysqlError, type Queryable, uuidToSql } from '../../shared/mysql/index.ts';
import type { ErasureDb } from './erasure-db.ts';

/** Numbers of rows. */
export interface Overwritten {
  /** Orders with an address, a contact or metadata. */
  readonly orders: number;
  /** Those of them that are neither shipped nor ended. They have no address now. */
  readonly openOrders: number;
  /** Reasons that people gave for changes. */
  readonly reasons: number;
  /** References of payments. */
  readonly references: number;
  /** Errors of deliveries and refunds, in words of other systems. */
  readonly errors: number;
}

interface OrderRow {
  readonly order_key: number;
  readonly order_id: Buffer;
  readonly created_at_ms: number;
  readonly status: string;
  readonly has_details: number;
}

const ordersAtOnce = 500;
const triesMax = 5;
const openStatuses: ReadonlySet<string> = new Set(['PENDING_PAYMENT', 'PAID']);

/** Walks the orders of the customer in pages. Each page is one transaction. Returns the sums. */
export async function overwriteOrders(db: ErasureDb, customerId: string): Promise<Overwritten> {
  const sums = { orders: 0, openOrders: 0, reasons: 0, references: 0, errors: 0 };
  let after = { atMs: -1, key: 0 };
  for (;;) {
    const page = await readPage(db, customerId, after);
    if (page.length > 0) {
      const done = await again(() => db.transaction((session) => overwritePage(session, page)));
      sums.reasons += done.reasons;
      sums.references += done.references;
      sums.errors += done.errors;
    }
    const filled = page.filter((row) => Number(row.has_details) === 1);
    sums.orders += filled.length;
    sums.openOrders += filled.filter(({ status }) => openStatuses.has(status)).length;
    if (page.length < ordersAtOnce) return sums;
    const last = page.at(-1)!;
    after = { atMs: last.created_at_ms, key: last.order_key };
  }
}

/** The next orders, in the order of the index of customers. */
function readPage(
  db: Queryable,
  customerId: string,
  after: { readonly atMs: number; readonly key: number },
): Promise<OrderRow[]> {
  return db.rows<OrderRow>(
    `SELECT order_key, order_id, created_at_ms, status,
       COALESCE(shipping_address, contact, metadata) IS NOT NULL AS has_details
     FROM orders
     WHERE customer_id = ? AND created_at_ms >= ? AND (created_at_ms > ? OR order_key > ?)
     ORDER BY created_at_ms, order_key LIMIT ${ordersAtOnce}`,
    [customerId, after.atMs, after.atMs, after.key],
  );
}

async function overwritePage(
  session: Queryable,
  page: readonly OrderRow[],
): Promise<Pick<Overwritten, 'reasons' | 'references' | 'errors'>> {
  const keys = page
    .map(({ order_key }) => order_key)
    .toSorted((a, b) => a - b)
    .join(',');
  const ids = page
    .map(({ order_id }) => uuidToSql(bytesToUuid(order_id)))
    .toSorted()
    .join(',');
  const change = async (sql: string) => (await session.write(sql)).affectedRows;
  await change(
    `UPDATE orders SET shipping_address = NULL, contact = NULL, metadata = NULL
     WHERE order_key IN (${keys}) AND COALESCE(shipping_address, contact, metadata) IS NOT NULL`,
  );
  const reasons = await change(
    `UPDATE order_history SET reason = NULL WHERE order_id IN (${ids}) AND reason IS NOT NULL`,
  );
  const references = await change(
    `UPDATE payments SET reference = NULL WHERE order_id IN (${ids}) AND reference IS NOT NULL`,
  );
  const deliveries = await change(
    `UPDATE notification_deliveries SET last_error = NULL WHERE order_id IN (${ids}) AND last_error IS NOT NULL`,
  );
  const refunds = await change(
    `UPDATE refund_attempts JOIN refunds USING (refund_id) SET last_reason = NULL
     WHERE refunds.order_id IN (${ids}) AND last_reason IS NOT NULL`,
  );
  return { reasons, references, errors: deliveries + refunds };
}

/** Repeats a transaction that the database has rolled back, because it was in the way of another one. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const kind = classifyMysqlError(error);
      if (tries === triesMax || (kind !== 'deadlock' && kind !== 'lockTimeout')) throw error;
    }
  }
}

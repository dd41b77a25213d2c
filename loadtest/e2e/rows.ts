/** Checks the tables after a run of any design. Each accepted order must be stored once, with all its lines. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../reference/connect.ts';

/** The first fault in the orders with this prefix of the idempotency key, as text, or null. */
export async function rowsProblem(
  connection: Connection,
  { keyPrefix, accepted, linesEach }: { keyPrefix: string; accepted: number; linesEach: number },
): Promise<string | null> {
  return (await wrongOrders(connection, keyPrefix, accepted, linesEach)) ?? (await keptOutbox(connection));
}

/** Every order of the bench is accepted, because there is more stock than any run can sell. */
async function wrongOrders(
  connection: Connection,
  keyPrefix: string,
  accepted: number,
  linesEach: number,
): Promise<string | null> {
  const [row] = await rows(
    connection,
    `SELECT COUNT(*) AS stored, COUNT(DISTINCT order_id) AS ids, COALESCE(SUM(status = 'PENDING_PAYMENT'), 0) AS taken,
       COALESCE(SUM(line_count), 0) AS line_count,
       COALESCE(SUM(line_total IS NULL OR subtotal <> line_total OR total <> subtotal - discount + shipping + tax), 0) AS wrong
     FROM (SELECT o.*, COUNT(i.line_no) AS line_count, SUM(i.line_total) AS line_total FROM orders o
       LEFT JOIN order_items i ON i.order_key = o.order_key WHERE o.idempotency_key LIKE ? GROUP BY o.order_key) each_order`,
    [`${keyPrefix}%`],
  );
  const { stored, ids, taken, line_count: lines, wrong } = row!;
  if (Number(stored) !== accepted || Number(ids) !== accepted)
    return `${accepted} orders were accepted, ${stored} stored, with ${ids} different ids`;
  if (Number(taken) !== accepted) return `${accepted - Number(taken)} of ${accepted} orders were rejected`;
  if (Number(lines) !== accepted * linesEach)
    return `${lines} lines are stored instead of ${accepted * linesEach}`;
  return Number(wrong) === 0 ? null : `${wrong} orders have amounts that do not add up`;
}

/** Compares the stock with all orders in the database of the design. Returns the fault, as text, or null. */
export async function stockProblem(connection: Connection): Promise<string | null> {
  const [row] = await rows(
    connection,
    `SELECT COUNT(*) AS n FROM stock s LEFT JOIN (SELECT i.sku, SUM(i.quantity) AS units FROM order_items i
       JOIN orders o ON o.order_key = i.order_key AND o.status = 'PENDING_PAYMENT' GROUP BY i.sku) held ON held.sku = s.sku
     WHERE s.initial + s.added - s.available <> COALESCE(held.units, 0)`,
    [],
  );
  return Number(row!['n']) === 0 ? null : `${row!['n']} SKUs have stock that orders do not account for`;
}

const outboxDeadlineMs = 10_000;
const pollMs = 50;

/** Checks the outbox of the articles design, which deletes its rows after their publication. */
async function keptOutbox(connection: Connection): Promise<string | null> {
  const [table] = await rows(connection, "SHOW TABLES LIKE 'articles_outbox'", []);
  if (table === undefined) return null;
  const untilMs = performance.now() + outboxDeadlineMs;
  for (;;) {
    const [row] = await rows(connection, 'SELECT COUNT(*) AS n FROM articles_outbox', []);
    if (Number(row!['n']) === 0) return null;
    if (performance.now() > untilMs) return `${row!['n']} rows are still in the outbox`;
    await sleep(pollMs);
  }
}

async function rows(connection: Connection, sql: string, values: string[]): Promise<RowDataPacket[]> {
  const [found] = await connection.query<RowDataPacket[]>(sql, values);
  return found;
}

/**
 * Units that customers hold in unpaid orders: read, locked and changed under a guard. Orders of one customer are in
 * different lanes. Every writer locks these rows before all other counters, sorted by customer.
 */
import type { UnpaidChange } from '../../domain/index.ts';
import { type Session, type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

/**
 * Writes the changes with their guards. First it inserts missing rows; a row that exists keeps its value, and is locked at
 * once for the update. Returns the index of the update, or null without changes. It affects fewer rows if a customer would
 * be above the limit. A customer who only gives units back has no guard.
 */
export function layOutUnpaid(buffer: StatementBuffer, changes: readonly UnpaidChange[]): number | null {
  if (changes.length === 0) return null;
  // A row of which units are given back exists. In a mixed batch the insert locks it too, so that locks are in order.
  if (changes.some(({ heldMax }) => heldMax !== null)) {
    buffer.begin(insertMissing);
    for (const [index, { customerId }] of changes.entries()) {
      buffer.sql(index === 0 ? '(' : ',(');
      buffer.text(customerId);
      buffer.sql(')');
    }
    buffer.sql(keepExisting);
    buffer.end();
  }
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(changes.map(({ customerId, net, heldMax }) => [customerId, net, heldMax]));
  buffer.sql(
    ", '$[*]' COLUMNS (customer_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]', net BIGINT PATH '$[1]', " +
      "held_max BIGINT PATH '$[2]')) d STRAIGHT_JOIN unpaid_customers u ON u.customer_id = d.customer_id " +
      'SET u.units = u.units + d.net WHERE d.held_max IS NULL OR u.units <= d.held_max',
  );
  return buffer.end();
}

const insertMissing = 'INSERT INTO unpaid_customers (customer_id) VALUES ';
const keepExisting = ' ON DUPLICATE KEY UPDATE units = units';

/** Reads units without locking. A customer without a row holds none. */
export async function readUnpaid(
  session: Session,
  customers: readonly string[],
): Promise<Map<string, number>> {
  return unitsBy(session, customers, '');
}

/** Locks the rows of these customers, in their order, and reads their units. It inserts missing rows to lock them. */
export async function lockUnpaid(
  session: Session,
  customers: readonly string[],
): Promise<Map<string, number>> {
  if (customers.length === 0) return new Map();
  const sorted = customers.toSorted();
  const values = sorted.map((customer) => `(${textToSql(customer)})`);
  await session.write(insertMissing + values.join(',') + keepExisting);
  return unitsBy(session, sorted, ' ORDER BY customer_id FOR UPDATE');
}

async function unitsBy(
  session: Session,
  customers: readonly string[],
  suffix: string,
): Promise<Map<string, number>> {
  const found = new Map<string, number>(customers.map((customer) => [customer, 0]));
  if (customers.length === 0) return found;
  const rows = await session.rows<{ customer_id: string; units: number }>(
    `SELECT customer_id, units FROM unpaid_customers WHERE customer_id IN (${customers.map(textToSql).join(',')})${suffix}`,
  );
  for (const { customer_id, units } of rows) found.set(customer_id, units);
  return found;
}

/**
 * Counters of limited coupons: read, locked and changed under a guard. They have the form and the guard of the stock counters. Every
 * writer locks customers before totals, both in sorted order, and stock after them. Unpaid units are locked before.
 */
import { type CustomerChange, customerKey, type TotalChange } from '../../domain/index.ts';
import { type Session, type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

/** A customer's use of a coupon. */
export interface CouponUse {
  readonly code: string;
  readonly customerId: string;
}

const text = (length: number) => `VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin`;

/**
 * Writes the changes of customers' counters with their guards. First it inserts missing rows; a row that exists keeps its
 * value, and is locked at once for the update. Returns the index of the update, or null without changes. A counter that only
 * gets redemptions back has no guard. It may be above a lowered limit, and the batch must commit.
 */
export function layOutCouponCustomers(
  buffer: StatementBuffer,
  changes: readonly CustomerChange[],
): number | null {
  if (changes.length === 0) return null;
  // The insert also locks the counters that only get redemptions back. Otherwise the update locks these out of order.
  if (changes.some(({ peak }) => peak !== null)) {
    buffer.begin('INSERT INTO coupon_customers (code, customer_id) VALUES ');
    for (const [index, { code, customerId }] of changes.entries()) {
      buffer.sql(index === 0 ? '(' : ',(');
      buffer.text(code);
      buffer.comma();
      buffer.text(customerId);
      buffer.sql(')');
    }
    buffer.sql(' ON DUPLICATE KEY UPDATE used = used');
    buffer.end();
  }
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(changes.map((change) => [change.code, change.customerId, change.net, usedMaxOf(change)]));
  buffer.sql(
    `, '$[*]' COLUMNS (code ${text(64)} PATH '$[0]', customer_id ${text(128)} PATH '$[1]', net BIGINT PATH '$[2]', ` +
      "used_max BIGINT PATH '$[3]')) d STRAIGHT_JOIN coupon_customers c ON c.code = d.code AND c.customer_id = d.customer_id " +
      'SET c.used = c.used + d.net WHERE d.used_max IS NULL OR c.used <= d.used_max',
  );
  return buffer.end();
}

/** Number of redemptions that may be in use before the batch; null without a guard. */
export function usedMaxOf({ limit, peak }: CustomerChange): number | null {
  return peak === null ? null : limit! - peak;
}

/** Writes the changes of total counters with their guards. Returns the index of the update, or null without changes. */
export function layOutCouponTotals(buffer: StatementBuffer, changes: readonly TotalChange[]): number | null {
  if (changes.length === 0) return null;
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(changes.map(({ code, net, peak }) => [code, net, peak]));
  buffer.sql(
    `, '$[*]' COLUMNS (code ${text(64)} PATH '$[0]', net BIGINT PATH '$[1]', peak BIGINT PATH '$[2]')) d ` +
      'STRAIGHT_JOIN coupon_counters c ON c.code = d.code ' +
      'SET c.available = c.available - d.net WHERE d.peak IS NULL OR c.available >= d.peak',
  );
  return buffer.end();
}

/** Redemptions that are left, by code. A code without a counter has none. `lock` also locks the rows, in their order. */
export async function readTotals(
  session: Session,
  codes: readonly string[],
  lock: 'lock' | 'no lock',
): Promise<Map<string, number>> {
  const found = new Map<string, number>(codes.map((code) => [code, 0]));
  if (codes.length === 0) return found;
  const rows = await session.rows<{ code: string; available: number }>(
    `SELECT code, available FROM coupon_counters WHERE code IN (${codes.map(textToSql).join(',')})${suffixOf(lock, 'code')}`,
  );
  for (const { code, available } of rows) found.set(code, available);
  return found;
}

/** Redemptions in use, by `customerKey`. A customer without a row has none. `lock` also locks the rows, in their order. */
export async function readUsed(
  session: Session,
  uses: readonly CouponUse[],
  lock: 'lock' | 'no lock',
): Promise<Map<string, number>> {
  const found = new Map<string, number>(
    uses.map(({ code, customerId }) => [customerKey(code, customerId), 0]),
  );
  if (uses.length === 0) return found;
  const pairs = uses.map(({ code, customerId }) => `(${textToSql(code)},${textToSql(customerId)})`);
  const rows = await session.rows<{ code: string; customer_id: string; used: number }>(
    `SELECT code, customer_id, used FROM coupon_customers WHERE (code, customer_id) IN (${pairs.join(',')})` +
      suffixOf(lock, 'code, customer_id'),
  );
  for (const row of rows) found.set(customerKey(row.code, row.customer_id), row.used);
  return found;
}

function suffixOf(lock: 'lock' | 'no lock', order: string): string {
  return lock === 'lock' ? ` ORDER BY ${order} FOR UPDATE` : '';
}

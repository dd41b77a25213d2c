/** Reads, locks and changes stock levels. */
import type { StockChange } from '../../domain/index.ts';
import { type Session, type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

type LevelRow = { sku: string; available: number };

/**
 * Writes one update for all changes. Returns its index, or null without changes. The update changes a row only if
 * `available` is at least `peak`. If it affects fewer than `changes.length` rows, a SKU is short or has no stock row.
 * Then the transaction must not commit. The derived table drives the join in sorted order, so that all writers lock
 * stock rows in the same order.
 */
export function layOutStock(buffer: StatementBuffer, changes: readonly StockChange[]): number | null {
  if (changes.length === 0) return null;
  buffer.begin('UPDATE JSON_TABLE(');
  // Most batches only take and return units for orders. Then the statement is shorter.
  const isLong = changes.some(({ shipped, added }) => shipped !== 0 || added !== 0);
  buffer.json(
    changes.map(({ sku, net, peak, shipped, added }) =>
      isLong ? [sku, net, peak, shipped, added] : [sku, net, peak],
    ),
  );
  buffer.sql(
    ", '$[*]' COLUMNS (sku VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]', net BIGINT PATH '$[1]', " +
      `peak BIGINT PATH '$[2]'${isLong ? ", shipped BIGINT PATH '$[3]', added BIGINT PATH '$[4]'" : ''})) d ` +
      'STRAIGHT_JOIN stock s ON s.sku = d.sku SET s.available = s.available - d.net' +
      `${isLong ? ', s.shipped = s.shipped + d.shipped, s.added = s.added + d.added' : ''} WHERE s.available >= d.peak`,
  );
  return buffer.end();
}

/** Reads levels without locking. A SKU without a stock row counts as 0. */
export async function readLevels(session: Session, skus: Iterable<string>): Promise<Map<string, number>> {
  const all = [...skus];
  return new Map([...all.map((sku) => [sku, 0] as const), ...(await levels(session, all, ''))]);
}

/** Locks the rows of these SKUs, in their order, and reads their levels. A SKU without a stock row has none. */
export async function lockLevels(session: Session, skus: Iterable<string>): Promise<Map<string, number>> {
  return levels(session, [...skus].sort(), ' ORDER BY sku FOR UPDATE');
}

async function levels(
  session: Session,
  skus: readonly string[],
  suffix: string,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  if (skus.length === 0) return found;
  const list = skus.map(textToSql).join(',');
  const rows = await session.rows<LevelRow>(
    `SELECT sku, available FROM stock WHERE sku IN (${list})${suffix}`,
  );
  for (const row of rows) found.set(row.sku, row.available);
  return found;
}

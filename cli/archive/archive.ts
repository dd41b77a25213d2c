/**
 * `orderstream archive`: removes the history and the stored commands of orders that ended long ago. The orders, their lines,
 * payments and refunds stay. So a retry of an old request finds its order, and sums of stock and money do not change.
 */
import path from 'node:path';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { decidedStatuses, isFinal } from '../../services/domain/index.ts';
import { recordAudit } from '../../services/shared/audit/index.ts';
import { sleep } from '../../services/shared/retry/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { databaseNowMs } from '../database.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import { type ArchiveFile, openArchiveFile } from './archive-file.ts';

export interface ArchivePlan {
  /** Orders that ended before this time are archived, epoch ms. */
  readonly beforeMs: number;
  /** Orders by status. */
  readonly orders: ReadonlyMap<string, number>;
}

export interface ArchiveRun {
  readonly beforeMs: number;
  /** Folder of the file that gets the removed rows; without it they are only deleted. */
  readonly to?: string;
  /** Orders per second at most. */
  readonly rate: number;
  onProgress(orders: number): void;
}

export interface Archived {
  readonly orders: number;
  /** Rows of `order_history` and of `order_commands`. */
  readonly rows: number;
  /** The file with the rows; null without one. */
  readonly file: string | null;
}

const pageOrders = 500;
const partitionShift = 2 ** 48;
const finals = decidedStatuses.filter(isFinal);
/** These move money in any status of the order. So a repeat must find its outcome for ever. */
const keptCommands = ['REQUEST_REFUND', 'RETRY_REFUND'] as const;
const isDue = 'archived_version IS NULL AND status IN (?) AND updated_at_ms < ?';

/** What would be archived. Changes nothing. */
export async function planArchive(db: Connection, olderThanMs: number): Promise<ArchivePlan> {
  const beforeMs = (await databaseNowMs(db)) - olderThanMs;
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT status, COUNT(*) AS n FROM orders WHERE ${isDue} GROUP BY status ORDER BY status`,
    [finals, beforeMs],
  );
  return { beforeMs, orders: new Map(rows.map((row) => [String(row['status']), Number(row['n'])])) };
}

/**
 * Archives page by page; each page is one transaction. A run that was killed continues when it is repeated. Then the file
 * of the first run may have rows that a later file has too.
 */
export async function runArchive(db: Connection, run: ArchiveRun): Promise<Archived> {
  const file = run.to === undefined ? null : await openArchiveFile(run.to);
  let [orders, rows] = [0, 0];
  try {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for await (const page of pagesOf(db, partition, run.beforeMs)) {
        const startedMs = performance.now();
        rows += await archivePage(db, page, run.beforeMs, file);
        orders += page.length;
        run.onProgress(orders);
        const spentMs = performance.now() - startedMs;
        await sleep(Math.max(0, (page.length / run.rate) * 1_000 - spentMs));
      }
    }
  } finally {
    await file?.close();
    await audit(db, run, { orders, rows });
  }
  return { orders, rows, file: file?.path ?? null };
}

/** Keys of due orders, in their order. */
async function* pagesOf(db: Connection, partition: number, beforeMs: number): AsyncGenerator<number[]> {
  const end = (partition + 1) * partitionShift;
  let from = partition * partitionShift;
  for (;;) {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT order_key FROM orders WHERE order_key >= ? AND order_key < ? AND ${isDue} ORDER BY order_key LIMIT ${pageOrders}`,
      [from, end, finals, beforeMs],
    );
    const keys = rows.map((row) => Number(row['order_key']));
    if (keys.length > 0) yield keys;
    if (keys.length < pageOrders) return;
    from = keys.at(-1)! + 1;
  }
}

/** Returns the number of removed rows. The file has them on its disk before they are deleted. */
async function archivePage(
  db: Connection,
  keys: readonly number[],
  beforeMs: number,
  file: ArchiveFile | null,
): Promise<number> {
  await db.beginTransaction();
  try {
    // A late payment may have changed an order since the page was read. Then it waits for a later run.
    const [due] = await db.query<RowDataPacket[]>(
      `SELECT order_key, order_id FROM orders WHERE order_key IN (?) AND ${isDue} ORDER BY order_key FOR UPDATE`,
      [keys, finals, beforeMs],
    );
    const ids = due.map((row) => row['order_id'] as Buffer);
    const rows = ids.length === 0 ? 0 : await removeRows(db, ids, file);
    if (ids.length > 0)
      await db.query('UPDATE orders SET archived_version = version WHERE order_key IN (?)', [
        due.map((row) => row['order_key']),
      ]);
    await db.commit();
    return rows;
  } catch (error) {
    await db.rollback();
    throw error;
  }
}

async function removeRows(db: Connection, ids: readonly Buffer[], file: ArchiveFile | null): Promise<number> {
  if (file !== null) {
    const [history] = await db.query<RowDataPacket[]>('SELECT * FROM order_history WHERE order_id IN (?)', [
      ids,
    ]);
    const [commands] = await db.query<RowDataPacket[]>(
      'SELECT * FROM order_commands WHERE order_id IN (?) AND command_type NOT IN (?)',
      [ids, keptCommands],
    );
    await file.add('order_history', history);
    await file.add('order_commands', commands);
    await file.flush();
  }
  const [history] = await db.query<ResultSetHeader>('DELETE FROM order_history WHERE order_id IN (?)', [ids]);
  const [commands] = await db.query<ResultSetHeader>(
    'DELETE FROM order_commands WHERE order_id IN (?) AND command_type NOT IN (?)',
    [ids, keptCommands],
  );
  return history.affectedRows + commands.affectedRows;
}

function audit(
  db: Connection,
  { beforeMs, to }: ArchiveRun,
  counts: { readonly orders: number; readonly rows: number },
): Promise<void> {
  const details = {
    before: new Date(beforeMs).toISOString(),
    to: to === undefined ? '' : path.basename(to),
    ...counts,
  };
  const entry = { action: 'orders.archived', subjectId: 'closed', details } as const;
  return recordAudit(auditTargetOf(db), currentOperator(), [entry], Date.now());
}

/**
 * Deletes old deliveries in small pieces beside other work.
 *
 * Each pass first raises `deleted_before_ms`: readers of the table do not count older rows as missing. Only
 * then does it delete. The instance that raised it does the pass. If it dies, the next pass deletes the rest,
 * because every pass begins at the oldest row. Ids rise with time, so the primary key is the only index that
 * is needed.
 *
 * The database's clock counts the age of a row. The clock of one process must not decide what is deleted for
 * all.
 */
import { classify, errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { type Queryable, readNowMs } from '../shared/mysql/index.ts';
import { sleep } from '../shared/retry/index.ts';

interface RetentionLimits {
  /** Age at which a delivery is deleted, unless it is still pending. */
  keepMs: number;
  /** Interval between passes. */
  everyMs: number;
  /** Rows of one statement; few enough not to delay a sender. */
  chunkRows: number;
  /** Pause between two pieces, so that other work on the database continues. */
  pauseMs: number;
}

export interface RetentionDeps {
  pool: Queryable;
  limits: RetentionLimits;
  log: Logger;
  metrics: Metrics;
}

/** A failed pass is logged and repeated at the next interval: nothing waits for it. */
export function startRetention(deps: RetentionDeps): { stop(): Promise<void> } {
  const { limits, log } = deps;
  const abort = new AbortController();
  const { signal } = abort;

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const nowMs = await readNowMs(deps.pool);
        if (await raise(deps.pool, nowMs, limits)) await deleteBefore(deps, nowMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn(
          { err: error, kind: classify(error) },
          `old deliveries cannot be deleted yet: ${errorMessage(error)}`,
        );
      }
      await sleep(limits.everyMs, signal).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    stop() {
      abort.abort();
      return running;
    },
  };
}

/**
 * False if another instance raised it within `everyMs`, or if it is already higher than now requested. A
 * value in the future comes from a wrong clock and is lowered. Otherwise nothing would be deleted, or
 * reported missing, until that time.
 */
async function raise(pool: Queryable, nowMs: number, { keepMs, everyMs }: RetentionLimits): Promise<boolean> {
  const beforeMs = nowMs - keepMs;
  const { affectedRows } = await pool.write(
    `UPDATE notification_retention SET deleted_before_ms = ?
     WHERE id = 1 AND (deleted_before_ms <= ? OR deleted_before_ms > ?)`,
    [beforeMs, beforeMs - everyMs, nowMs],
  );
  return affectedRows === 1;
}

interface KeptRow {
  delivery_id: number;
  status: string;
  created_at_ms: number;
}

async function deleteBefore(
  { pool, limits, log, metrics }: RetentionDeps,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const beforeMs = nowMs - limits.keepMs;
  let after = 0;
  let deleted = 0;
  let oldestMs: number | null = null;
  for (;;) {
    const rows = await pool.rows<KeptRow>(
      `SELECT delivery_id, status, created_at_ms FROM notification_deliveries
       WHERE delivery_id > ? ORDER BY delivery_id LIMIT ?`,
      [after, limits.chunkRows],
    );
    const old = rows.filter((row) => row.created_at_ms < beforeMs);
    const done = old.filter((row) => row.status !== 'PENDING');
    oldestMs ??= rows.find((row) => !done.includes(row))?.created_at_ms ?? null;
    const gone = await deleteRows(pool, done);
    // Counted after each piece: the pause below ends with an error when the process stops.
    metrics.inc('notification_rows_deleted_total', {}, gone);
    deleted += gone;
    // Stops at the first young row: later rows are younger, or a later pass finds them.
    if (old.length < limits.chunkRows || old.length < rows.length) break;
    after = rows.at(-1)!.delivery_id;
    await sleep(limits.pauseMs, signal);
  }
  metrics.set('notification_oldest_row_seconds', oldestMs === null ? 0 : (nowMs - oldestMs) / 1000);
  if (deleted > 0) log.info({ deleted, beforeMs }, 'old deliveries were deleted');
}

/** A row whose owner requested redelivery since it was read stays. */
async function deleteRows(pool: Queryable, rows: readonly KeptRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { affectedRows } = await pool.write(
    `DELETE FROM notification_deliveries
     WHERE delivery_id IN (${rows.map(() => '?').join(', ')}) AND status <> 'PENDING'`,
    rows.map((row) => row.delivery_id),
  );
  return affectedRows;
}

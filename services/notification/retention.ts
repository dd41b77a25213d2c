/**
 * Deletes deliveries that have been kept for long enough, in small pieces beside everything else.
 *
 * Each pass first raises `deleted_before_ms`, and whoever reads the table takes nothing older than that for missing; only
 * then it deletes. The one instance that raises it does the pass; what it leaves behind when it dies, the next pass finds, as
 * every pass begins at the oldest row. Ids rise with time, so the primary key is all the index this needs.
 *
 * The age of a row is counted by the clock of the database. The clock of one process must not decide what is deleted for all.
 */
import { classify, errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { type Queryable, readNowMs } from '../shared/mysql/index.ts';
import { sleep } from '../shared/retry/index.ts';

export interface RetentionLimits {
  /** Age at which a delivery is deleted, unless it is still to be sent. */
  keepMs: number;
  /** From one pass to the next. */
  everyMs: number;
  /** Rows of one statement: it is over before a sender notices. */
  chunkRows: number;
  /** Breath between two pieces, so that the database has more to do than this. */
  pauseMs: number;
}

export interface RetentionDeps {
  pool: Queryable;
  limits: RetentionLimits;
  log: Logger;
  metrics: Metrics;
}

/** Passes that fail are logged and tried again at the next one: nothing waits for them. */
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
 * False where another instance has done so within `everyMs`, or where more was deleted before than is to be now. A mark in
 * the future comes from a wrong clock, and is set back: else nothing would be deleted, or missed, until that time.
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
    // Counted when the rows go: the pause below ends with an error when the process stops.
    metrics.inc('notification_rows_deleted_total', {}, gone);
    deleted += gone;
    // The first row that is young ends it: the ones behind it are younger still, or will be found by a later pass.
    if (old.length < limits.chunkRows || old.length < rows.length) break;
    after = rows.at(-1)!.delivery_id;
    await sleep(limits.pauseMs, signal);
  }
  metrics.set('notification_oldest_row_seconds', oldestMs === null ? 0 : (nowMs - oldestMs) / 1000);
  if (deleted > 0) log.info({ deleted, beforeMs }, 'old deliveries were deleted');
}

/** Its owner may have asked for one again since it was read: that one stays. */
async function deleteRows(pool: Queryable, rows: readonly KeptRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { affectedRows } = await pool.write(
    `DELETE FROM notification_deliveries
     WHERE delivery_id IN (${rows.map(() => '?').join(', ')}) AND status <> 'PENDING'`,
    rows.map((row) => row.delivery_id),
  );
  return affectedRows;
}

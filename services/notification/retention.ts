/**
 * Deletes old deliveries in small chunks beside other work.
 *
 * Each pass first raises `deleted_before_ms`, so that readers of the table do not count older rows as missing.
 * Then the pass deletes the rows. The instance that raised the value does the pass. If this instance dies, the
 * next pass deletes the rest, because every pass begins at the oldest row. Ids rise with time, so a pass needs
 * no index except the primary key.
 *
 * The database's clock determines the age of a row, so that a wrong clock of one process deletes nothing.
 */
import { classify, errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { type Queryable, readNowMs } from '../shared/mysql/index.ts';
import { sleep } from '../shared/retry/index.ts';

interface RetentionLimits {
  /** Age at which a delivery is deleted, unless it is pending for an endpoint that is not paused. */
  keepMs: number;
  /** Interval between passes. */
  everyMs: number;
  /** Maximum number of rows of one statement; few enough not to delay a sender. */
  chunkRows: number;
  /** Pause between two chunks, so that other work on the database continues. */
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
          `notification cannot delete old deliveries yet: ${errorMessage(error)}`,
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
 * Raises `deleted_before_ms`. Returns false if another instance did so within `everyMs`, or if the value is
 * already higher. A value in the future comes from a wrong clock, so this function lowers it. Otherwise no row
 * would be deleted, or reported missing, until that time.
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
  /** 1 if the row is pending and its endpoint is not paused. */
  waits: number;
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
      `SELECT d.delivery_id, d.status = 'PENDING' AND e.paused_at_ms IS NULL AS waits, d.created_at_ms
       FROM notification_deliveries d LEFT JOIN webhook_endpoints e ON e.endpoint_id = d.endpoint_id
       WHERE d.delivery_id > ? ORDER BY d.delivery_id LIMIT ?`,
      [after, limits.chunkRows],
    );
    const old = rows.filter((row) => row.created_at_ms < beforeMs);
    const done = old.filter((row) => row.waits === 0);
    oldestMs ??= rows.find((row) => !done.includes(row))?.created_at_ms ?? null;
    const gone = await deleteRows(pool, done);
    // The metric counts each piece here, because the pause below throws when the process stops.
    metrics.inc('notification_rows_deleted_total', {}, gone);
    deleted += gone;
    // Stops at the first young row: later rows are younger, or a later pass finds them.
    if (old.length < limits.chunkRows || old.length < rows.length) break;
    after = rows.at(-1)!.delivery_id;
    await sleep(limits.pauseMs, signal);
  }
  metrics.set('notification_oldest_row_seconds', oldestMs === null ? 0 : (nowMs - oldestMs) / 1000);
  if (deleted > 0) log.info({ deleted, beforeMs }, 'notification deleted old deliveries');
}

/**
 * Deletes the rows that are not pending now, and those of paused endpoints. A row is pending again if its owner
 * requested redelivery since the read.
 */
async function deleteRows(pool: Queryable, rows: readonly KeptRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const { affectedRows } = await pool.write(
    `DELETE FROM notification_deliveries
     WHERE delivery_id IN (${rows.map(() => '?').join(', ')}) AND (status <> 'PENDING'
       OR endpoint_id IN (SELECT endpoint_id FROM webhook_endpoints WHERE paused_at_ms IS NOT NULL))`,
    rows.map((row) => row.delivery_id),
  );
  return affectedRows;
}

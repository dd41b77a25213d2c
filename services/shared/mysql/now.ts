/** The time of the database: the one clock that all processes share. */
import type { Queryable } from './types.ts';

/**
 * The time of the database as an SQL expression: epoch ms at the start of the statement. Sessions use UTC, so
 * no hour occurs twice.
 */
export const nowSql = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)';

/** Epoch ms by the clock of the database. Rejects if the database does not answer. */
export async function readNowMs(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ nowMs: number }>(`SELECT ${nowSql} AS nowMs`);
  return Number(row!.nowMs);
}

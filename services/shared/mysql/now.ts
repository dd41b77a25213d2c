/** The time of the database: the one clock that all processes share. */
import type { Queryable } from './types.ts';

/** Epoch ms by the clock of the database. Rejects when it does not answer. */
export async function readNowMs(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ nowMs: number }>(
    'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS nowMs',
  );
  return Number(row!.nowMs);
}

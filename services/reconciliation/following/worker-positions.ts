/** The workers' positions in the database. */
import { COMMANDS } from '../../../topics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';

export interface WorkerPosition {
  /** The offset after the last decided command. */
  nextOffset: number;
  /**
   * The brokers have acknowledged all outcomes below this offset. It moves only with the next batch, so the value
   * of an idle lane stays behind.
   */
  publishedOffset: number;
  /** The worker that owns the lane. Empty if there is none. */
  owner: string;
  /** The reason why the owner makes no progress. Null while it makes progress. */
  why: string | null;
}

export type WorkerPositions = Map<number, WorkerPosition>;

export async function readLanes(mysql: Queryable): Promise<WorkerPositions> {
  const rows = await mysql.rows<{
    partition_id: number;
    next_offset: number;
    published_offset: number;
    owner: string;
    why: string | null;
  }>(
    `SELECT l.partition_id, l.next_offset, l.published_offset, l.owner, w.why FROM lane_positions l
     LEFT JOIN lane_waits w ON w.topic = l.topic AND w.partition_id = l.partition_id WHERE l.topic = ?`,
    [COMMANDS],
  );
  return new Map(
    rows.map(({ partition_id, next_offset, published_offset, owner, why }) => [
      partition_id,
      { nextOffset: next_offset, publishedOffset: published_offset, owner, why: why ?? null },
    ]),
  );
}

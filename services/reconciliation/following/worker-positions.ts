/** The workers' positions, as the database has them. */
import { COMMANDS } from '../../../topics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';

export interface LanePosition {
  /** Behind the last decided command. */
  nextOffset: number;
  /** Outcomes below it are acknowledged. Moved with the next batch only, so an idle lane's stays behind. */
  publishedOffset: number;
  /** The worker that holds the lane; empty where none does. */
  owner: string;
  /** Why the owner does not go on, in its own words; null while it does. */
  why: string | null;
}

export type LanePositions = Map<number, LanePosition>;

export async function readLanes(mysql: Queryable): Promise<LanePositions> {
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

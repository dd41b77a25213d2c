/** The workers' positions, as the database has them. */
import { COMMANDS } from '../../topics/index.ts';
import type { Queryable } from '../shared/mysql/index.ts';

export interface LanePosition {
  /** Behind the last decided command. */
  nextOffset: number;
  /** Outcomes below it are acknowledged. Moved with the next batch only, so an idle lane's stays behind. */
  publishedOffset: number;
  /** The worker that holds the lane; empty where none does. */
  owner: string;
}

export type LanePositions = Map<number, LanePosition>;

export async function readLanes(mysql: Queryable): Promise<LanePositions> {
  const rows = await mysql.rows<{
    partition_id: number;
    next_offset: number;
    published_offset: number;
    owner: string;
  }>('SELECT partition_id, next_offset, published_offset, owner FROM lane_positions WHERE topic = ?', [
    COMMANDS,
  ]);
  return new Map(
    rows.map((row) => [
      row.partition_id,
      { nextOffset: row.next_offset, publishedOffset: row.published_offset, owner: row.owner },
    ]),
  );
}

/** The table of waiting lanes. `orderstream lag` and other services read it. */
import { nowSql, type Queryable, textToSql } from '../../shared/mysql/index.ts';

export interface WaitRow {
  readonly partition: number;
  /** The record at which the lane waits. */
  readonly offset: number;
  readonly place: string;
  readonly needsOperator: boolean;
  readonly why: string;
  /** Start of the wait, by the monotonic clock of this process, in ms. */
  readonly sinceMs: number;
}

const whyLengthMax = 500;

/** Writes the wait of a lane. Replaces the last row of this lane. */
export async function writeWait(db: Queryable, topic: string, owner: string, wait: WaitRow): Promise<void> {
  const { partition, offset, place, needsOperator, why, sinceMs } = wait;
  const waitedMs = Math.round(performance.now() - sinceMs);
  await db.write(
    'REPLACE INTO lane_waits (topic,partition_id,source_offset,place,needs_operator,why,owner,since_ms,updated_at_ms) ' +
      `VALUES (${textToSql(topic)},${partition},${offset},${textToSql(place)},${needsOperator ? 1 : 0},` +
      `${textToSql(why.slice(0, whyLengthMax))},${textToSql(owner)},${nowSql} - ${waitedMs},${nowSql})`,
  );
}

/** Deletes the rows of lanes that no longer wait. */
export async function deleteWaits(
  db: Queryable,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  if (partitions.length === 0) return;
  await db.write(
    `DELETE FROM lane_waits WHERE topic = ${textToSql(topic)} AND partition_id IN (${partitions.join(',')})`,
  );
}

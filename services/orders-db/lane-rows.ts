/** Reads rows of `lane_positions` with the requested columns. Only the worker locks these rows. */
import { type Queryable, textToSql } from '../shared/mysql/index.ts';

/** Columns of `lane_positions`. */
export interface LaneColumns {
  partition_id: number;
  epoch: number;
  owner: string;
  next_offset: number;
  published_offset: number;
  cluster_id: string;
  topic_id: string;
  events_topic_id: string;
  record_offset: number;
  record_id: string;
  outcome_source: number;
  outcome_offset: number;
}

/** Reads every lane that was ever claimed, by partition. Does not wait for open transactions. */
export function selectLanes<Column extends keyof LaneColumns>(
  db: Pick<Queryable, 'rows'>,
  columns: readonly Column[],
  topic: string,
): Promise<Pick<LaneColumns, Column>[]> {
  return db.rows(
    `SELECT ${columns.join(', ')} FROM lane_positions WHERE topic = ${textToSql(topic)} ORDER BY partition_id`,
  );
}

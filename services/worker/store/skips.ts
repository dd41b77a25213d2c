/** Requests of operators to dead-letter the record that blocks a lane. `orderstream recover skip` writes them. */
import {
  classifyMysqlError,
  type Session,
  type StatementBuffer,
  textToSql,
} from '../../shared/mysql/index.ts';

export interface Skip {
  readonly partition: number;
  readonly offset: number;
  /** The reason that the operator gave. It is part of the public outcome. */
  readonly reason: string;
}

/** The open requests for these records. */
export async function readSkips(
  session: Session,
  topic: string,
  positions: readonly { partition: number; offset: number }[],
): Promise<Skip[]> {
  if (positions.length === 0) return [];
  const list = positions.map(({ partition, offset }) => `(${partition},${offset})`).join(',');
  try {
    return await session.rows<Skip>(
      'SELECT partition_id AS `partition`, source_offset AS `offset`, reason FROM lane_skips ' +
        `WHERE topic = ${textToSql(topic)} AND (partition_id, source_offset) IN (${list}) AND done_at_ms IS NULL`,
    );
  } catch (error) {
    // The migration that creates the table may run later. Until then there are no requests.
    if (classifyMysqlError(error) === 'schema') return [];
    throw error;
  }
}

/** Writes the statement that closes the request, in the transaction that decides the record. */
export function layOutSkipDone(
  buffer: StatementBuffer,
  topic: string,
  partition: number,
  offset: number,
  nowMs: number,
): void {
  buffer.begin(`UPDATE lane_skips SET done_at_ms = ${nowMs} WHERE topic = `);
  buffer.text(topic);
  buffer.sql(` AND partition_id = ${partition} AND source_offset = ${offset}`);
  buffer.end();
}

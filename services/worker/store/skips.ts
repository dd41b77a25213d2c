/** Operators' instructions to make the record at which a lane waits a dead letter; `orderstream recover skip` writes them. */
import { classifyMysqlError, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import { text } from './sql-text.ts';

export interface Skip {
  readonly partition: number;
  readonly offset: number;
  /** The operator's words; they travel in the public outcome. */
  readonly reason: string;
}

/** The open instructions for these very records. */
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
        `WHERE topic = ${text(topic)} AND (partition_id, source_offset) IN (${list}) AND done_at_ms IS NULL`,
    );
  } catch (error) {
    // The migration that makes the table may be run behind us: then nobody has asked for anything yet.
    if (classifyMysqlError(error) === 'schema') return [];
    throw error;
  }
}

/** Lays out the note that the instruction for this record is carried out, in the transaction that decides it. */
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

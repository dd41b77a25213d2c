/** Operators' instructions to make the record at which a lane waits a dead letter; `orderstream recover skip` writes them. */
import { classifyMysqlError, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import { text } from './sql-text.ts';

export interface Skip {
  /** The operator's words; they travel in the public outcome. */
  readonly reason: string;
}

/** The open instruction for this very record, or null. */
export async function readSkip(
  session: Session,
  topic: string,
  partition: number,
  offset: number,
): Promise<Skip | null> {
  try {
    const [row] = await session.rows<Skip>(
      `SELECT reason FROM lane_skips WHERE topic = ${text(topic)} AND partition_id = ${partition} ` +
        `AND source_offset = ${offset} AND done_at_ms IS NULL`,
    );
    return row ?? null;
  } catch (error) {
    // The migration that makes the table may be run behind us: then nobody has asked for anything yet.
    if (classifyMysqlError(error) === 'schema') return null;
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

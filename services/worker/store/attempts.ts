/** Marks of lanes on probation: what was being tried when a worker died. */
import { nowSql, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import { text } from './sql-text.ts';

/** Deaths at one record, alone in its batch, after which it is quarantined. */
export const deathsMax = 3;

export interface Mark {
  readonly offset: number;
  readonly records: number;
  readonly attempts: number;
}

type MarkRow = { source_offset: number; records: number; attempts: number };

/**
 * Marks a range before it is decoded. Deaths of a range count only while it is tried at the same size: what died in
 * company may be innocent.
 */
export async function markAttempt(
  session: Session,
  topic: string,
  partition: number,
  offset: number,
  records: number,
): Promise<void> {
  await session.write(
    'INSERT INTO lane_attempts (topic,partition_id,source_offset,records,attempts,updated_at_ms) ' +
      `VALUES (${text(topic)},${partition},${offset},${records},1,${nowSql}) ON DUPLICATE KEY UPDATE ` +
      `attempts = IF(records = ${records}, attempts + 1, 1), records = ${records}, updated_at_ms = ${nowSql}`,
  );
}

/** The mark at or behind `offset` that comes first, or null. */
export async function readMark(
  session: Session,
  topic: string,
  partition: number,
  offset: number,
): Promise<Mark | null> {
  const [row] = await session.rows<MarkRow>(
    `SELECT source_offset, records, attempts FROM lane_attempts WHERE topic = ${text(topic)} ` +
      `AND partition_id = ${partition} AND source_offset >= ${offset} ORDER BY source_offset LIMIT 1`,
  );
  return row === undefined
    ? null
    : { offset: row.source_offset, records: row.records, attempts: row.attempts };
}

/** Lays out the delete of the marks of what is decided now. */
export function layOutMarksDelete(
  buffer: StatementBuffer,
  topic: string,
  partition: number,
  to: number,
): void {
  buffer.begin('DELETE FROM lane_attempts WHERE topic = ');
  buffer.text(topic);
  buffer.sql(` AND partition_id = ${partition} AND source_offset < ${to}`);
  buffer.end();
}

/**
 * Attempts of lanes on probation. A worker stores an attempt before it decodes the records. The transaction that
 * decides the records deletes the attempt. So an attempt that a successor finds ended with a crash.
 */
import { nowSql, type Session, type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

/** Number of crashes at a single record after which the record is quarantined. */
export const crashesMax = 3;

export interface CrashAttempt {
  readonly offset: number;
  readonly records: number;
  readonly attempts: number;
}

type AttemptRow = { source_offset: number; records: number; attempts: number };

/**
 * Stores an attempt at a range. Counts only attempts at ranges of the same size. A record of a larger batch may
 * not be the cause.
 */
export async function storeAttempt(
  session: Session,
  topic: string,
  partition: number,
  offset: number,
  records: number,
): Promise<void> {
  await session.write(
    'INSERT INTO lane_attempts (topic,partition_id,source_offset,records,attempts,updated_at_ms) ' +
      `VALUES (${textToSql(topic)},${partition},${offset},${records},1,${nowSql}) ON DUPLICATE KEY UPDATE ` +
      `attempts = IF(records = ${records}, attempts + 1, 1), records = ${records}, updated_at_ms = ${nowSql}`,
  );
}

/** The first attempt at or after `offset`, or null. */
export async function readAttempt(
  session: Session,
  topic: string,
  partition: number,
  offset: number,
): Promise<CrashAttempt | null> {
  const [row] = await session.rows<AttemptRow>(
    `SELECT source_offset, records, attempts FROM lane_attempts WHERE topic = ${textToSql(topic)} ` +
      `AND partition_id = ${partition} AND source_offset >= ${offset} ORDER BY source_offset LIMIT 1`,
  );
  return row === undefined
    ? null
    : { offset: row.source_offset, records: row.records, attempts: row.attempts };
}

/** Writes the delete of the attempts at records that this batch decides. */
export function layOutAttemptsDelete(
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

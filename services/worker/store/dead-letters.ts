/** Rows of records that could not be worked; their bytes travel to the dead-letter topic through the outbox. */
import type { Session } from '../../shared/mysql/index.ts';
import { bytes, integer, text, uuid } from './sql-text.ts';

export interface DeadLetterRow {
  readonly partition: number;
  readonly offset: number;
  readonly orderId: string | null;
  readonly schemaId: number | null;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly valueSha256: Buffer;
  readonly valueBytes: number;
  readonly sourceAtMs: number;
  readonly firstFailedAtMs: number;
}

const messageLengthMax = 500;

/** Writes one row per dead letter. */
export async function insertDeadLetters(
  session: Session,
  topic: string,
  rows: readonly DeadLetterRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(
    (row) =>
      `(${text(topic)},${row.partition},${row.offset},${row.orderId === null ? 'NULL' : uuid(row.orderId)},` +
      `${integer(row.schemaId)},${text(row.code)},${text(row.message.slice(0, messageLengthMax))},${row.attempts},` +
      `${bytes(row.valueSha256)},${row.valueBytes},${integer(row.sourceAtMs)},${integer(row.firstFailedAtMs)})`,
  );
  await session.write(
    'INSERT INTO dead_letters (topic,partition_id,source_offset,order_id,schema_id,reason_code,message,attempts,' +
      `value_sha256,value_bytes,source_at_ms,first_failed_at_ms) VALUES ${values.join(',')}`,
  );
}

/** Rows of dead letters. The outbox carries the bytes of their records to the dead-letter topic. */
import type { StatementBuffer } from '../../shared/mysql/index.ts';

export interface NewDeadLetterRow {
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

/** Writes the insert of one row per dead letter to the buffer. */
export function layOutDeadLetters(
  buffer: StatementBuffer,
  topic: string,
  rows: readonly NewDeadLetterRow[],
): void {
  const columns =
    'topic,partition_id,source_offset,order_id,schema_id,reason_code,message,attempts,' +
    'value_sha256,value_bytes,source_at_ms,first_failed_at_ms';
  buffer.insert('dead_letters', columns, rows, (row) => {
    buffer.row();
    buffer.text(topic);
    buffer.sql(`,${row.partition},${row.offset},`);
    buffer.uuid(row.orderId);
    buffer.nextInteger(row.schemaId);
    buffer.comma();
    buffer.text(row.code);
    buffer.comma();
    buffer.text(row.message.slice(0, messageLengthMax));
    buffer.sql(`,${row.attempts},`);
    buffer.bytes(row.valueSha256);
    buffer.sql(`,${row.valueBytes},`);
    buffer.integer(row.sourceAtMs);
    buffer.nextInteger(row.firstFailedAtMs);
  });
}

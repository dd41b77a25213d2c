/** The outbox rows of lanes: one per lane and batch, holding the exact bytes of every message to publish. */
import type { Session, StatementBuffer } from '../../shared/mysql/index.ts';
import { decodeMessages } from '../outbox-format.ts';
import { text } from './sql-text.ts';

export interface OutboxRow {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /** `encodeMessages` of the messages, in the order they are published. */
  readonly blob: Buffer;
}

type StoredRow = { from_offset: number; to_offset: number; messages: Buffer };

/** Lays out the insert of a batch's rows. */
export function layOutOutbox(buffer: StatementBuffer, topic: string, rows: readonly OutboxRow[]): void {
  if (rows.length === 0) return;
  buffer.begin('INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES ');
  let separator = '(';
  for (const { partition, from, to, epoch, blob } of rows) {
    buffer.sql(`${separator}${text(topic)},${partition},${from},${to},${epoch},`);
    buffer.blob(blob);
    separator = '),(';
  }
  buffer.sql(')');
  buffer.end();
}

/** Lays out the delete of rows whose messages are all acknowledged. */
export function layOutOutboxDelete(
  buffer: StatementBuffer,
  topic: string,
  rows: readonly { partition: number; from: number }[],
): void {
  if (rows.length === 0) return;
  buffer.begin('DELETE o FROM JSON_TABLE(');
  buffer.json(rows.map(({ partition, from }) => [partition, from]));
  buffer.sql(
    ", '$[*]' COLUMNS (p SMALLINT UNSIGNED PATH '$[0]', f BIGINT PATH '$[1]')) d STRAIGHT_JOIN outbox o ON o.topic = ",
  );
  buffer.text(topic);
  buffer.sql(' AND o.partition_id = d.p AND o.from_offset = d.f');
  buffer.end();
}

/**
 * Everything of one lane that may not be published yet, oldest first. Throws INTERNAL where this build cannot read a
 * row: that is known before the lane begins.
 */
export async function readOutbox(
  session: Session,
  topic: string,
  partition: number,
): Promise<{ from: number; to: number; blob: Buffer }[]> {
  const rows = await session.rows<StoredRow>(
    `SELECT from_offset, to_offset, messages FROM outbox WHERE topic = ${text(topic)} AND partition_id = ${partition} ORDER BY from_offset`,
  );
  return rows.map(({ from_offset: from, to_offset: to, messages: blob }) => {
    decodeMessages(blob);
    return { from, to, blob };
  });
}

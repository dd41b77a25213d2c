/** The outbox rows of lanes: one per lane and batch, holding the exact bytes of every message to publish. */
import type { Session } from '../../shared/mysql/index.ts';
import { decodeMessages, type StoredMessage } from '../outbox-format.ts';
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

/** Writes the rows of one batch. Prepared, because a large blob as hex text would burst the packet limit. */
export async function insertOutbox(
  session: Session,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(() => '(?,?,?,?,?,?)').join(',');
  const params = rows.flatMap(({ partition, from, to, epoch, blob }) => [
    topic,
    partition,
    from,
    to,
    epoch,
    blob,
  ]);
  await session.execute(
    `INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES ${values}`,
    params,
  );
}

/** Deletes rows whose messages are all acknowledged. */
export async function deleteOutbox(
  session: Session,
  topic: string,
  rows: readonly { partition: number; from: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  const keys = JSON.stringify(rows.map(({ partition, from }) => [partition, from]));
  await session.write(
    `DELETE o FROM JSON_TABLE('${keys}', '$[*]' COLUMNS (p SMALLINT UNSIGNED PATH '$[0]', f BIGINT PATH '$[1]')) d ` +
      `STRAIGHT_JOIN outbox o ON o.topic = ${text(topic)} AND o.partition_id = d.p AND o.from_offset = d.f`,
  );
}

/** Everything of one lane that may not be published yet, oldest first. */
export async function readOutbox(
  session: Session,
  topic: string,
  partition: number,
): Promise<{ from: number; to: number; messages: StoredMessage[] }[]> {
  const rows = await session.rows<StoredRow>(
    `SELECT from_offset, to_offset, messages FROM outbox WHERE topic = ${text(topic)} AND partition_id = ${partition} ORDER BY from_offset`,
  );
  return rows.map((row) => ({
    from: row.from_offset,
    to: row.to_offset,
    messages: decodeMessages(row.messages),
  }));
}

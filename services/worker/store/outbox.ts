/** The outbox rows of lanes: one per lane and batch, with the exact bytes of every message to publish. */
import { decodeMessages, publishedName } from '../../orders-db/index.ts';
import {
  nowSql,
  type Queryable,
  type Session,
  type StatementBuffer,
  textToSql,
} from '../../shared/mysql/index.ts';

export interface OutboxRow {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  /** The messages in the order of publishing, encoded by `encodeMessages`. */
  readonly blob: Buffer;
}

type StoredRow = { from_offset: number; to_offset: number; messages: Buffer };

/** Writes the insert of the rows of a batch to the buffer. */
export function layOutOutbox(buffer: StatementBuffer, topic: string, rows: readonly OutboxRow[]): void {
  const columns = 'topic,partition_id,from_offset,to_offset,epoch,messages';
  buffer.insert('outbox', columns, rows, ({ partition, from, to, epoch, blob }) => {
    buffer.row();
    buffer.text(topic);
    buffer.sql(`,${partition},${from},${to},${epoch},`);
    buffer.blob(blob);
  });
}

/**
 * Writes the statement for rows whose messages are all acknowledged. With `keep` the rows get the topic name
 * `publishedName`. An operator can publish them again if the end of the outcome topic is lost. Without `keep` they are
 * deleted. Both cost the database the same, because the blob does not move.
 */
export function layOutAcknowledged(
  buffer: StatementBuffer,
  topic: string,
  rows: readonly { partition: number; from: number }[],
  keep: boolean,
): void {
  if (rows.length === 0) return;
  buffer.begin(keep ? 'UPDATE JSON_TABLE(' : 'DELETE o FROM JSON_TABLE(');
  buffer.json(rows.map(({ partition, from }) => [partition, from]));
  buffer.sql(
    ", '$[*]' COLUMNS (p SMALLINT UNSIGNED PATH '$[0]', f BIGINT PATH '$[1]')) d STRAIGHT_JOIN outbox o ON o.topic = ",
  );
  buffer.text(topic);
  buffer.sql(' AND o.partition_id = d.p AND o.from_offset = d.f');
  if (keep) {
    buffer.sql(' SET o.topic = ');
    buffer.text(publishedName(topic));
    buffer.sql(`, o.published_at_ms = ${nowSql}`);
  }
  buffer.end();
}

/**
 * Deletes the oldest rows of one lane that are older than `keptMs`, `max` at most. Returns the number of deleted
 * rows.
 */
export async function forgetPublished(
  db: Pick<Queryable, 'rows' | 'write'>,
  topic: string,
  partition: number,
  keptMs: number,
  max: number,
): Promise<number> {
  const lane = `topic = ${textToSql(publishedName(topic))} AND partition_id = ${partition}`;
  const oldest = await db.rows<{ from_offset: number; age: number }>(
    `SELECT from_offset, ${nowSql} - published_at_ms AS age FROM outbox WHERE ${lane} ORDER BY from_offset LIMIT ${max}`,
  );
  const last = oldest.filter(({ age }) => age > keptMs).at(-1);
  if (last === undefined) return 0;
  const { affectedRows } = await db.write(
    `DELETE FROM outbox WHERE ${lane} AND from_offset <= ${last.from_offset}`,
  );
  return affectedRows;
}

/** The position after the newest unpublished row, by partition. Reads one lane, or all without `partition`. */
export async function readOutboxEnds(
  db: Pick<Queryable, 'rows'>,
  topic: string,
  partition?: number,
): Promise<Map<number, number>> {
  const lane = partition === undefined ? '' : ` AND partition_id = ${partition}`;
  const rows = await db.rows<{ partition_id: number; outbox_end: number }>(
    `SELECT partition_id, MAX(to_offset) AS outbox_end FROM outbox WHERE topic = ${textToSql(topic)}${lane} GROUP BY partition_id`,
  );
  return new Map(rows.map(({ partition_id, outbox_end }) => [partition_id, Number(outbox_end)]));
}

/**
 * The outbox rows of one lane, oldest first. Kafka may lack their messages. Throws INTERNAL if this build cannot read
 * a row, so that the error occurs before the lane starts.
 */
export async function readOutbox(
  session: Session,
  topic: string,
  partition: number,
): Promise<{ from: number; to: number; blob: Buffer }[]> {
  const rows = await session.rows<StoredRow>(
    `SELECT from_offset, to_offset, messages FROM outbox WHERE topic = ${textToSql(topic)} AND partition_id = ${partition} ORDER BY from_offset`,
  );
  return rows.map(({ from_offset: from, to_offset: to, messages: blob }) => {
    decodeMessages(blob);
    return { from, to, blob };
  });
}

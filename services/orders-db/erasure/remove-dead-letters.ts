/**
 * Removes dead letters from the outbox. A dead letter has the bytes of its command. An acknowledged row is kept only for its outcomes,
 * which may have to be published again.
 */
import { COMMANDS, DEAD_LETTERS } from '../../../topics/catalogue.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { decodeMessages, encodeMessages, publishedName } from '../outbox-format.ts';
import type { ErasureDb } from './erasure-db.ts';

interface RowKey {
  readonly topic: string;
  readonly partition_id: number;
  readonly from_offset: number;
}

/**
 * Removes the dead letters of all customers, because an unreadable command names no customer. Rows whose messages are not
 * acknowledged stay unchanged. Returns the number of changed rows.
 */
export async function removeDeadLetters(db: ErasureDb): Promise<number> {
  const rows = await db.rows<RowKey>(
    `SELECT DISTINCT o.topic, o.partition_id, o.from_offset
     FROM outbox o
     JOIN dead_letters d ON d.topic = ? AND d.partition_id = o.partition_id
       AND d.source_offset >= o.from_offset AND d.source_offset < o.to_offset
     JOIN lane_positions l ON l.topic = ? AND l.partition_id = o.partition_id
     WHERE o.topic IN (?, ?) AND o.to_offset <= l.published_offset`,
    [COMMANDS, COMMANDS, COMMANDS, publishedName(COMMANDS)],
  );
  let changed = 0;
  for (const row of rows) if (await db.transaction((session) => removeFrom(session, row))) changed += 1;
  return changed;
}

/** A worker may rename or delete the row meanwhile, so the row is locked and found under both names. */
async function removeFrom(
  session: Queryable,
  { partition_id: partition, from_offset: from }: RowKey,
): Promise<boolean> {
  const [row] = await session.rows<{ topic: string; messages: Buffer }>(
    `SELECT topic, messages FROM outbox
     WHERE topic IN (?, ?) AND partition_id = ? AND from_offset = ? FOR UPDATE`,
    [COMMANDS, publishedName(COMMANDS), partition, from],
  );
  if (row === undefined) return false;
  const messages = decodeMessages(row.messages);
  const kept = messages.filter(({ topic }) => topic !== DEAD_LETTERS);
  if (kept.length === messages.length) return false;
  await session.write(
    'UPDATE outbox SET messages = ? WHERE topic = ? AND partition_id = ? AND from_offset = ?',
    [encodeMessages(kept), row.topic, partition, from],
  );
  return true;
}

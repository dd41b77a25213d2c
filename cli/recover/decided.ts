/**
 * Checks whether commands are decided. It requires two proofs: the published outcome, and the rows that the
 * decision wrote.
 */
import type { RowDataPacket } from 'mysql2/promise';
import type { OrderEvent } from '../../schemas/index.ts';
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { uuidToBytes } from '../../services/shared/mysql/index.ts';
import { COMMANDS, EVENTS } from '../../topics/catalogue.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { Opened } from './opened.ts';

interface Span {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

type Parts = Pick<Opened, 'db' | 'reader'>;

const noOrder = Buffer.alloc(16);
const commandsAtOnce = 500;

/** The first offset of the range that lacks a proof, and the missing proof. Null if every command is decided. */
export async function undecidedIn(
  { db, reader }: Parts,
  decoder: Decoder,
  span: Span,
): Promise<{ offset: number; lacks: string } | null> {
  const outcomes = await outcomesIn(reader, decoder, span);
  const stored = await storedIn(db, span, [...outcomes.values()]);
  for (let offset = span.from; offset < span.to; offset++) {
    const outcome = outcomes.get(offset);
    if (outcome === undefined) return { offset, lacks: 'no outcome in the outcome topic' };
    if (leavesRow(outcome) && !stored.has(offset)) return { offset, lacks: 'no row in the tables' };
  }
  return null;
}

/**
 * Whether the decision wrote a row. A repeated command writes none, and a PLACE with the id of another order writes
 * none either.
 */
function leavesRow({ outcome, commandType }: OrderEvent): boolean {
  return outcome !== 'DUPLICATE' && !(outcome === 'KEY_CONFLICT' && commandType === 'PLACE');
}

async function outcomesIn(
  reader: Opened['reader'],
  decoder: Decoder,
  { partition, from, to }: Span,
): Promise<ReadonlyMap<number, OrderEvent>> {
  const { low, high } = (await reader.ranges(EVENTS))[partition] ?? { low: 0, high: 0 };
  const found = new Map<number, OrderEvent>();
  for await (const records of reader.read(EVENTS, partition, low, high)) {
    for (const record of records) {
      const decoded = await decoder.event(record);
      if (decoded.kind !== 'value') continue;
      const { sourceOffset } = decoded.value;
      if (sourceOffset >= from && sourceOffset < to) found.set(sourceOffset, decoded.value);
    }
  }
  return found;
}

/** Source offsets whose decision is an order, a stored outcome, or a dead letter. */
async function storedIn(
  db: Opened['db'],
  { partition, from, to }: Span,
  outcomes: readonly OrderEvent[],
): Promise<ReadonlySet<number>> {
  const stored = new Set<number>();
  const take = async (sql: string, values: readonly unknown[]): Promise<void> => {
    const [rows] = await db.query<RowDataPacket[]>(sql, values as unknown[]);
    for (const row of rows) stored.add(Number(row['source_offset']));
  };
  await take('SELECT source_offset FROM orders WHERE order_key >= ? AND order_key < ?', [
    orderKeyOf(partition, from),
    orderKeyOf(partition, to),
  ]);
  await take(
    'SELECT source_offset FROM dead_letters WHERE topic = ? AND partition_id = ? AND source_offset >= ? AND source_offset < ?',
    [COMMANDS, partition, from, to],
  );
  const keys = outcomes.flatMap(({ orderId, commandId }) =>
    commandId === null ? [] : [[orderId === null ? noOrder : uuidToBytes(orderId), commandId]],
  );
  for (let at = 0; at < keys.length; at += commandsAtOnce) {
    await take(
      'SELECT source_offset FROM order_commands WHERE (order_id, command_id) IN (?) AND source_partition = ? ' +
        'AND source_offset >= ? AND source_offset < ?',
      [keys.slice(at, at + commandsAtOnce), partition, from, to],
    );
  }
  return stored;
}

/**
 * The one transaction of intake. It writes the positions of the batch's partitions and its delivery rows, both
 * or neither. Positions move by compare-and-set. So an instance that still has an older batch after a rebalance
 * changes no row.
 */
import { type Pool, type Session, uuidToBytes } from '../../shared/mysql/index.ts';
import type { NewDelivery } from '../deliveries.ts';

/** Maximum number of rows of one INSERT. With payloads near 2 kB it stays far below max_allowed_packet. */
const insertRowsMax = 400;
/** Payload bytes of one INSERT: 400 of the largest bodies would be 8 MB. */
const insertBytesMax = 4_000_000;

/** The error in the row of a withheld mail. */
const overBudget = 'the address has had too many mails';

/** The move of one partition's position, in source offsets of its outcomes. */
export interface Move {
  partition: number;
  from: number;
  to: number;
}

type StoreResult = 'stored' | 'moved elsewhere';

export interface PositionStore {
  /** Last stored source offset per partition; -1 before the first. Inserts missing rows. */
  load(partitions: readonly number[]): Promise<Map<number, number>>;
  /** When the position of each of these partitions last changed, epoch ms. */
  movedAtMs(partitions: readonly number[]): Promise<Map<number, number>>;
  /** The id of the topic of these positions; null if none is stored. */
  topicId(): Promise<string | null>;
  storeTopicId(id: string): Promise<void>;
  /**
   * Runs one transaction. Returns 'moved elsewhere' if a position was not `from`; then nothing is written.
   * Throws on any other error.
   */
  store(moves: readonly Move[], deliveries: readonly NewDelivery[], nowMs: number): Promise<StoreResult>;
}

export function createPositionStore({ pool, topic }: { pool: Pool; topic: string }): PositionStore {
  return {
    async load(partitions) {
      if (partitions.length === 0) return new Map();
      const values = partitions.map(() => '(?, ?, -1, 0)').join(', ');
      await pool.write(
        `INSERT INTO notification_positions (topic, partition_id, last_source_offset, updated_at_ms)
         VALUES ${values} ON DUPLICATE KEY UPDATE partition_id = notification_positions.partition_id`,
        partitions.flatMap((partition) => [topic, partition]),
      );
      const rows = await pool.rows<{ partition_id: number; last_source_offset: number }>(
        'SELECT partition_id, last_source_offset FROM notification_positions WHERE topic = ?',
        [topic],
      );
      const wanted = new Set(partitions);
      return new Map(
        rows
          .filter((row) => wanted.has(row.partition_id))
          .map((row) => [row.partition_id, row.last_source_offset]),
      );
    },

    async movedAtMs(partitions) {
      const rows = await pool.rows<{ partition_id: number; updated_at_ms: number }>(
        `SELECT partition_id, updated_at_ms FROM notification_positions
         WHERE topic = ? AND partition_id IN (${partitions.map(() => '?').join(', ')})`,
        [topic, ...partitions],
      );
      return new Map(rows.map((row) => [row.partition_id, row.updated_at_ms]));
    },

    async topicId() {
      const [row] = await pool.rows<{ topic_id: string }>(
        'SELECT topic_id FROM notification_positions WHERE topic = ? AND topic_id IS NOT NULL LIMIT 1',
        [topic],
      );
      return row?.topic_id ?? null;
    },

    async storeTopicId(id) {
      const others = await pool.rows(
        'SELECT partition_id FROM notification_positions WHERE topic = ? AND NOT (topic_id <=> ?) LIMIT 1',
        [topic, id],
      );
      // An UPDATE would lock every row that it reads, even without a change.
      if (others.length === 0) return;
      await pool.write('UPDATE notification_positions SET topic_id = ? WHERE topic = ?', [id, topic]);
    },

    async store(moves, deliveries, nowMs) {
      try {
        await pool.transaction(async (session) => {
          await movePositions(session, topic, moves, nowMs);
          for (const chunk of chunks(deliveries)) await insertDeliveries(session, chunk, nowMs);
        });
        return 'stored';
      } catch (error) {
        if (error instanceof MovedElsewhere) return 'moved elsewhere';
        throw error;
      }
    },
  };
}

/** Thrown inside the transaction to roll it back. */
class MovedElsewhere extends Error {}

/**
 * Moves the positions in one statement, with the rows in key order. Throws unless every stored position is the
 * start of the batch.
 */
async function movePositions(
  session: Session,
  topic: string,
  moves: readonly Move[],
  nowMs: number,
): Promise<void> {
  const sorted = [...moves].sort((a, b) => a.partition - b.partition);
  const { affectedRows } = await session.write(
    `UPDATE notification_positions
     SET last_source_offset = CASE partition_id ${sorted.map(() => 'WHEN ? THEN ?').join(' ')} END, updated_at_ms = ?
     WHERE topic = ? AND partition_id IN (${sorted.map(() => '?').join(', ')})
       AND (partition_id, last_source_offset) IN (${sorted.map(() => '(?, ?)').join(', ')})`,
    [
      ...sorted.flatMap(({ partition, to }) => [partition, to]),
      nowMs,
      topic,
      ...sorted.map(({ partition }) => partition),
      ...sorted.flatMap(({ partition, from }) => [partition, from]),
    ],
  );
  if (affectedRows !== moves.length) throw new MovedElsewhere();
}

/** An existing row does not change: its event was delivered, or is in progress. */
async function insertDeliveries(
  session: Session,
  rows: readonly NewDelivery[],
  nowMs: number,
): Promise<void> {
  const values = rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
  await session.write(
    `INSERT INTO notification_deliveries
       (event_id, endpoint_id, order_id, order_version, event_type, status, last_error, due_at_ms, payload, created_at_ms, traceparent)
     VALUES ${values} ON DUPLICATE KEY UPDATE delivery_id = notification_deliveries.delivery_id`,
    rows.flatMap((row) => [
      row.eventId,
      row.endpointId,
      uuidToBytes(row.orderId),
      row.orderVersion,
      row.eventType,
      row.mailDueAtMs === null ? 'DROPPED' : 'PENDING',
      row.mailDueAtMs === null ? overBudget : null,
      row.mailDueAtMs ?? nowMs,
      row.payload,
      nowMs,
      row.traceparent,
    ]),
  );
}

/** Splits the rows by count and by bytes. */
function* chunks(rows: readonly NewDelivery[]): Generator<NewDelivery[]> {
  let chunk: NewDelivery[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (chunk.length >= insertRowsMax || (chunk.length > 0 && bytes + row.payload.length > insertBytesMax)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(row);
    bytes += row.payload.length;
  }
  if (chunk.length > 0) yield chunk;
}

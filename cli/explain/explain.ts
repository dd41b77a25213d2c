/**
 * Collects the whole life of one order from all sources, and the reason of its wait. The logs have its commands and
 * outcomes. The tables have its row, lines, parcels, returns, history, payments, refunds, stored commands, dead letters, deliveries and
 * findings. The result contains no personal data.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { OrderCommand, OrderEvent, OrderState } from '../../schemas/index.ts';
import { type LaneRow, readLaneRows, waitsFor } from '../../services/inspection/index.ts';
import { COMMANDS, EVENTS, STATE } from '../../topics/catalogue.ts';
import { partitionOfOrder } from '../../topics/partition.ts';
import { databaseNowMs, rowsOf } from '../database.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { readOrderMoney } from '../payments/read-money.ts';
import { type LogStart, startOf } from './log-starts.ts';
import { orderWaits } from './order-waits.ts';
import { readTables } from './tables.ts';

export interface OrderLife {
  orderId: string;
  partition: number;
  commands: { offset: number; time: string; command: CommandTold }[];
  outcomes: { offset: number; repeat: boolean; event: OrderEvent | { undecodable: string } }[];
  /** The current lane. The worker and epoch of an old decision are not stored. */
  lane: LaneRow | null;
  /** The reason why the newest command waits. Null if its outcome is published, or if there is no command. */
  waitsFor: string | null;
  /** What the order itself waits for, such as its payment, a parcel or the result of a refund. */
  orderWaits: string[];
  /**
   * Decided batches with commands of this order, with their epoch. It is not known yet whether they are published.
   */
  outbox: RowDataPacket[];
  /** The latest state on the snapshot topic. */
  snapshot: OrderState | null;
  order: RowDataPacket | null;
  items: RowDataPacket[];
  history: RowDataPacket[];
  shipments: RowDataPacket[];
  returns: RowDataPacket[];
  payments: RowDataPacket[];
  refunds: RowDataPacket[];
  storedCommands: RowDataPacket[];
  deadLetters: RowDataPacket[];
  deliveries: RowDataPacket[];
  findings: RowDataPacket[];
}

/** The parts of a command without personal data. */
type CommandTold =
  | Pick<OrderCommand, 'type' | 'commandId' | 'actor' | 'customerId' | 'idempotencyKey' | 'issuedAt'>
  | { undecodable: string };

export interface ExplainDeps {
  db: Connection;
  reader: LogReader;
  decoder: Decoder;
}

/** The key of an order is its partition times this number, plus the offset of the command that created it. */
const keysOfPartition = 2 ** 48;

/** Collects the life of `orderId`. For an unknown id every list is empty. */
export async function explainOrder(
  orderId: string,
  { db, reader, decoder }: ExplainDeps,
): Promise<OrderLife> {
  const partition = partitionOfOrder(orderId);
  const lane = (await readLaneRows(rowsOf(db))).find((row) => row.partition === partition) ?? null;
  const tables = await readTables(db, orderId);
  const log: OrderLog = { reader, decoder, partition, orderId, start: startOf(tables, lane) };
  const [commands, outcomes, snapshot] = await Promise.all([
    readCommands(log),
    readOutcomes(log),
    readSnapshot(log),
  ]);
  const { payments, refunds } = await readOrderMoney(db, orderId);
  const nowMs = await databaseNowMs(db);
  return {
    orderId,
    partition,
    commands,
    outcomes,
    lane,
    waitsFor: await waitOf(reader, lane, partition, commands, nowMs),
    orderWaits: orderWaits({ ...tables, payments, refunds }, nowMs),
    outbox: await readOutbox(db, partition, commands),
    snapshot,
    payments,
    refunds,
    ...tables,
    history: withFirst(tables, outcomes),
  };
}

/** Adds version 1 to the history, from the row and its outcome. The history table begins at version 2. */
function withFirst(
  { order, history }: Pick<OrderLife, 'order' | 'history'>,
  outcomes: OrderLife['outcomes'],
): RowDataPacket[] {
  if (order === null || history.some((row) => row['version'] === 1)) return history;
  const events = outcomes.map(({ event }) => event).filter((event) => 'eventId' in event);
  const made = events.find(({ outcome }) => outcome === 'ACCEPTED' || outcome === 'REJECTED');
  const first = {
    version: 1,
    // A rejected order never changes. Every other order begins with one of these two statuses.
    status: made?.status ?? firstStatus(order),
    command_type: 'PLACE',
    actor: made?.actor ?? null,
    reason: made?.reason ?? null,
    source_offset: Number(order['order_key']) % keysOfPartition,
    at_ms: order['created_at_ms'],
  };
  return [first as unknown as RowDataPacket, ...history];
}

/** The order in the partitions of all topics with its number. */
interface OrderLog extends Omit<ExplainDeps, 'db'> {
  readonly partition: number;
  readonly orderId: string;
  /** Null: at the beginning. */
  readonly start: LogStart | null;
}

async function readCommands(log: OrderLog): Promise<OrderLife['commands']> {
  const commands: OrderLife['commands'] = [];
  for await (const record of recordsOf(log, COMMANDS)) {
    const time = new Date(record.timestampMs).toISOString();
    commands.push({ offset: record.offset, time, command: await describeCommand(record, log.decoder) });
  }
  return commands;
}

async function readOutcomes(log: OrderLog): Promise<OrderLife['outcomes']> {
  const outcomes: OrderLife['outcomes'] = [];
  const seen = new Set<string>();
  for await (const record of recordsOf(log, EVENTS)) {
    const decoded = await log.decoder.event(record);
    const event = decoded.kind === 'value' ? decoded.value : { undecodable: decoded.message };
    const id = 'eventId' in event ? event.eventId : `@${record.offset}`;
    outcomes.push({ offset: record.offset, repeat: seen.has(id), event });
    seen.add(id);
  }
  return outcomes;
}

async function readSnapshot(log: OrderLog): Promise<OrderState | null> {
  const { decoder } = log;
  let newest: OrderState | null = null;
  if (decoder.state === null) return newest;
  for await (const record of recordsOf(log, STATE)) {
    const decoded = await decoder.state(record);
    if (decoded.kind === 'value') newest = decoded.value;
  }
  return newest;
}

async function waitOf(
  reader: LogReader,
  lane: LaneRow | null,
  partition: number,
  commands: OrderLife['commands'],
  nowMs: number,
): Promise<string | null> {
  const newest = commands.at(-1);
  if (newest === undefined || newest.offset < (lane?.published ?? 0)) return null;
  if (lane === null) return 'a worker to take the lane; no worker has owned it before';
  const end = (await reader.ranges(COMMANDS))[partition]?.high ?? 0;
  return waitsFor(lane, end, nowMs) || null;
}

async function readOutbox(
  db: Connection,
  partition: number,
  commands: OrderLife['commands'],
): Promise<RowDataPacket[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT from_offset, to_offset, epoch FROM outbox WHERE topic = ? AND partition_id = ? ORDER BY from_offset',
    [COMMANDS, partition],
  );
  return rows.filter((row) =>
    commands.some(({ offset }) => offset >= row['from_offset'] && offset < row['to_offset']),
  );
}

async function* recordsOf(log: OrderLog, topic: string): AsyncGenerator<LogRecord> {
  const { reader, partition, orderId } = log;
  const { low, high } = (await reader.ranges(topic))[partition] ?? { low: 0, high: 0 };
  const start = await startIn(log, topic);
  // A log that was made anew may end before the start.
  const from = start === null || start < low || start > high ? low : start;
  const key = Buffer.from(orderId);
  for await (const records of reader.read(topic, partition, from, high)) {
    for (const record of records) if (record.key?.equals(key)) yield record;
  }
}

async function startIn({ reader, partition, start }: OrderLog, topic: string): Promise<number | null> {
  if (start === null) return null;
  if (topic === COMMANDS) return start.commandOffset;
  return (await reader.offsetsAt(topic, start.atMs))[partition] ?? null;
}

async function describeCommand(record: LogRecord, decoder: Decoder): Promise<CommandTold> {
  const decoded = await decoder.command(record);
  if (decoded.kind === 'poison') return { undecodable: decoded.message };
  const { type, commandId, actor, customerId, idempotencyKey, issuedAt } = decoded.value;
  return { type, commandId, actor, customerId, idempotencyKey, issuedAt };
}

/** The status of version 1, from the row of an order that was not rejected, or did not change. */
function firstStatus(order: RowDataPacket): string {
  if (order['version'] === 1) return order['status'];
  return order['total'] === 0 ? 'PAID' : 'PENDING_PAYMENT';
}

/**
 * Collects the whole life of one order from all sources, and the reason of its wait. The logs have its commands and
 * outcomes. The tables have its row, lines, history, payments, refunds, stored commands, dead letters, deliveries and findings. The
 * result contains no personal data.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { OrderCommand, OrderEvent, OrderState } from '../../schemas/index.ts';
import { COMMANDS, EVENTS, STATE } from '../../topics/catalogue.ts';
import { partitionOfOrder } from '../../topics/partition.ts';
import { databaseNowMs } from '../database.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { type LaneRow, readLanes, waitsFor } from '../lag/partition-lag.ts';
import { readOrderMoney } from '../payments/read-money.ts';
import { orderWaits } from './order-waits.ts';

export interface OrderLife {
  orderId: string;
  partition: number;
  commands: { offset: number; time: string; command: CommandTold }[];
  outcomes: { offset: number; repeat: boolean; event: OrderEvent | { undecodable: string } }[];
  /** The current lane. The worker and epoch of an old decision are not stored. */
  lane: LaneRow | null;
  /** The reason why the newest command waits. Null if its outcome is published, or if there is no command. */
  waitsFor: string | null;
  /** What the order itself waits for: its payment, its expiry, results of refunds. */
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
  const commands: OrderLife['commands'] = [];
  for await (const record of recordsOf(reader, COMMANDS, partition, orderId)) {
    const time = new Date(record.timestampMs).toISOString();
    commands.push({ offset: record.offset, time, command: await describeCommand(record, decoder) });
  }
  const outcomes: OrderLife['outcomes'] = [];
  const seen = new Set<string>();
  for await (const record of recordsOf(reader, EVENTS, partition, orderId)) {
    const decoded = await decoder.event(record);
    const event = decoded.kind === 'value' ? decoded.value : { undecodable: decoded.message };
    const id = 'eventId' in event ? event.eventId : `@${record.offset}`;
    outcomes.push({ offset: record.offset, repeat: seen.has(id), event });
    seen.add(id);
  }
  const snapshot = await readSnapshot(reader, decoder, partition, orderId);
  const lane = (await readLanes(db)).find((row) => row.partition === partition) ?? null;
  const tables = await readTables(db, orderId);
  const { payments, refunds } = await readOrderMoney(db, orderId);
  const nowMs = await databaseNowMs(db);
  return {
    orderId,
    partition,
    commands,
    outcomes,
    lane,
    waitsFor: await waitOf(reader, lane, partition, commands, nowMs),
    orderWaits: orderWaits(tables.order, refunds, nowMs),
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

async function readSnapshot(
  reader: LogReader,
  decoder: Decoder,
  partition: number,
  orderId: string,
): Promise<OrderState | null> {
  let newest: OrderState | null = null;
  if (decoder.state === null) return newest;
  for await (const record of recordsOf(reader, STATE, partition, orderId)) {
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

async function* recordsOf(
  reader: LogReader,
  topic: string,
  partition: number,
  orderId: string,
): AsyncGenerator<LogRecord> {
  const range = (await reader.ranges(topic))[partition];
  const key = Buffer.from(orderId);
  for await (const records of reader.read(topic, partition, range?.low ?? 0, range?.high ?? 0)) {
    for (const record of records) if (record.key?.equals(key)) yield record;
  }
}

async function describeCommand(record: LogRecord, decoder: Decoder): Promise<CommandTold> {
  const decoded = await decoder.command(record);
  if (decoded.kind === 'poison') return { undecodable: decoded.message };
  const { type, commandId, actor, customerId, idempotencyKey, issuedAt } = decoded.value;
  return { type, commandId, actor, customerId, idempotencyKey, issuedAt };
}

async function readTables(db: Connection, orderId: string) {
  const id = Buffer.from(orderId.replaceAll('-', ''), 'hex');
  const rows = async (sql: string, values: unknown[]): Promise<RowDataPacket[]> =>
    (await db.query<RowDataPacket[]>(sql, values))[0];
  const [order] = await rows(
    'SELECT order_key, customer_id, status, version, currency, subtotal, discount, shipping, tax, total, coupon_code, price_version, idempotency_key, reason, payment_due_at_ms, timer_at_ms, created_at_ms, updated_at_ms, source_partition, source_offset FROM orders WHERE order_id = ?',
    [id],
  );
  const orderKey = order?.['order_key'] ?? null;
  return {
    order: order ?? null,
    items: await rows(
      'SELECT line_no, sku, quantity, unit_price, line_total FROM order_items WHERE order_key = ? ORDER BY line_no',
      [orderKey],
    ),
    history: await rows(
      'SELECT version, status, command_type, actor, reason, source_offset, at_ms FROM order_history WHERE order_id = ? ORDER BY version',
      [id],
    ),
    storedCommands: await rows(
      'SELECT command_id, command_type, outcome, version, status, reason, source_offset, at_ms FROM order_commands WHERE order_id = ? ORDER BY source_offset',
      [id],
    ),
    deadLetters: await rows(
      'SELECT partition_id, source_offset, reason_code, message, attempts, status, redriven_at_ms FROM dead_letters WHERE order_id = ? ORDER BY first_failed_at_ms, partition_id, source_offset',
      [id],
    ),
    deliveries: await rows(
      'SELECT event_id, endpoint_id, event_type, order_version, status, attempts, last_status, last_error FROM notification_deliveries WHERE order_id = ? ORDER BY delivery_id',
      [id],
    ),
    findings: await rows(
      'SELECT kind, expected, actual, remedy, status, first_seen_at_ms, last_seen_at_ms FROM reconciliation_findings WHERE subject LIKE ? ORDER BY finding_id',
      [`%${orderId}%`],
    ),
  };
}

/** The status of version 1, from the row of an order that was not rejected, or did not change. */
function firstStatus(order: RowDataPacket): string {
  if (order['version'] === 1) return order['status'];
  return order['total'] === 0 ? 'PAID' : 'PENDING_PAYMENT';
}

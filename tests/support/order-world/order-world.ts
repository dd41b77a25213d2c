import { createHash } from 'node:crypto';
import type { LogReader, LogRecord } from '../../../cli/kafka/log-reader.ts';
import type { OrderCommand, OrderEvent, OrderUnits } from '../../../schemas/index.ts';
import type { Codecs } from '../../../services/shared/codec/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/catalogue.ts';
import { PARTITIONS, partitionOfOrder } from '../../../topics/partition.ts';
import { exampleEvent } from '../records/example-event.ts';
import { acceptedOrder, placePayload } from './one-line-order.ts';
import type { World, WorldOrder, WorldRecord } from './world.ts';

export type { World, WorldOrder, WorldRecord } from './world.ts';

const PRICE = 250;
/** This time is recent, because a broker deletes records older than the retention within its first minute. */
export const AT_MS = Date.now() - 3_600_000;
const SKU = 'A-1';
/** Tests damage orders of these partitions, and positions of the others. */
export const orderPartitions: readonly number[] = [0, 1, 2, 3, 8];

/**
 * By default the world has 30 orders, of which 24 are accepted and 6 rejected. Two accepted orders are
 * cancelled. There is one repeated PLACE and one unreadable record.
 */
export function makeWorld(orders = 30): World {
  const world: World = {
    commands: [],
    events: [],
    deadLetters: [],
    orders: [],
    history: [],
    deadLetterRows: [],
    stock: [{ sku: SKU, initial: 1000, added: 0, available: 1000, shipped: 0 }],
    payments: [],
    refunds: [],
    couponCounters: [],
    couponCustomers: [],
    shipments: [],
    returns: [],
    unpaidCustomers: [],
    next: Array(PARTITIONS).fill(0),
    published: [],
  };
  for (let n = 0; n < orders; n += 1) place(world, orderIdOf(n), n % 5 === 4);
  for (const n of [0, 1]) cancel(world, orderIdOf(n));
  repeat(world, orderIdOf(2));
  setAside(world, 3);
  world.published = [...world.next];
  return world;
}

/** A reader of the world's logs, in place of a reader of a cluster. */
export function readerOf(world: World, codecs: Codecs, states: LogRecord[][] = []): LogReader {
  const logs = new Map<string, LogRecord[][]>([
    [COMMANDS, byPartition(COMMANDS, world.commands, codecs)],
    [EVENTS, byPartition(EVENTS, world.events, codecs)],
    [DEAD_LETTERS, byPartition(DEAD_LETTERS, world.deadLetters, codecs)],
    [STATE, states],
  ]);
  const partitions = (topic: string) => logs.get(topic) ?? [];
  return {
    ranges: async (topic) => partitions(topic).map((records) => ({ low: 0, high: records.length })),
    offsetsAt: async (topic) => partitions(topic).map(() => 0),
    async *read(topic, partition, from, to) {
      const records = partitions(topic)[partition]?.slice(from, to) ?? [];
      if (records.length > 0) yield records;
    },
    close: async () => undefined,
  };
}

/** The world's records for a producer, by topic. */
export function messagesOf(world: World, codecs: Codecs): { topic: string; records: LogRecord[] }[] {
  return [
    { topic: COMMANDS, records: byPartition(COMMANDS, world.commands, codecs).flat() },
    { topic: EVENTS, records: byPartition(EVENTS, world.events, codecs).flat() },
    { topic: DEAD_LETTERS, records: byPartition(DEAD_LETTERS, world.deadLetters, codecs).flat() },
  ];
}

export function orderIdOf(n: number): string {
  return idOf(`order ${n}`);
}

/** An id that follows from the text, in the form of order ids. */
export function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An id of this partition that no order of the world has. */
export function newOrderIn(partition: number, nth: number): string {
  for (let n = 100_000 * (nth + 1); ; n += 1) {
    const id = orderIdOf(n);
    if (partitionOfOrder(id) === partition) return id;
  }
}

const noMoney = { received: 0, refundPending: 0, refunded: 0, disputed: 0 };
const noUnits = { cancelled: 0, shipped: 0, returned: 0, restocked: 0, refunded: 0 };

function place(world: World, id: string, rejected: boolean): void {
  const partition = partitionOfOrder(id);
  const quantity = 1 + (world.orders.length % 3);
  const total = quantity * PRICE;
  const payload = placePayload(rejected ? 'GONE' : SKU, quantity);
  const offset = command(world, partition, id, {
    type: 'PLACE',
    commandId: `place:${id}`,
    payload,
  } as Partial<OrderCommand>);
  const status = rejected ? 'REJECTED' : 'PENDING_PAYMENT';
  const price = rejected ? { unitPrice: null, lineTotal: null } : { unitPrice: PRICE, lineTotal: total };
  world.orders.push({
    partition,
    offset,
    id,
    status,
    version: 1,
    subtotal: rejected ? 0 : total,
    total: rejected ? 0 : total,
    ...noMoney,
    couponCode: null,
    couponCounted: 0,
    unpaidUnits: 0,
    items: [{ sku: rejected ? 'GONE' : SKU, quantity, ...price, ...noUnits }],
  });
  if (!rejected) world.stock[0]!.available -= quantity;
  const snapshot = acceptedOrder(SKU, quantity, PRICE);
  outcome(world, partition, offset, {
    outcome: rejected ? 'REJECTED' : 'ACCEPTED',
    type: rejected ? 'order.rejected' : 'order.accepted',
    orderId: id,
    version: 1,
    status,
    commandId: `place:${id}`,
    commandType: 'PLACE',
    reason: rejected ? { code: 'UNKNOWN_SKU', message: 'no such product', pointer: null, seen: null } : null,
    order: rejected ? null : snapshot,
    money: rejected ? null : noMoney,
    units: rejected ? null : unitsOf(world.orders.at(-1)!),
  });
}

function cancel(world: World, id: string): void {
  const order = world.orders.find((candidate) => candidate.id === id)!;
  order.status = 'CANCELLED';
  world.stock[0]!.available += order.items[0]!.quantity;
  change(world, order, 'order.cancelled', {
    type: 'CANCEL',
    payload: { reason: null, expectedVersion: null, lines: [] },
  });
}

/**
 * A command that is applied to the order. The caller has changed the order before, but not its version. The outcome has this
 * type.
 */
export function change(
  world: World,
  order: WorldOrder,
  type: string,
  applied: Pick<OrderCommand, 'type' | 'payload'>,
): void {
  const { id, partition, status, received, refundPending, refunded } = order;
  const version = order.version + 1;
  const commandId = `change:${id}:${version}`;
  const offset = command(world, partition, id, { ...applied, commandId } as Partial<OrderCommand>);
  order.version = version;
  world.history.push({ orderId: id, version, status });
  outcome(world, partition, offset, {
    ...{ outcome: 'APPLIED', type, orderId: id, version, status, commandId, commandType: applied.type },
    money: { received, refundPending, refunded, disputed: 0 },
    units: unitsOf(order),
  });
}

function unitsOf({ items }: WorldOrder): OrderUnits {
  const sum = (axis: 'quantity' | keyof typeof noUnits) =>
    items.reduce((units, item) => units + item[axis], 0);
  return {
    ...{ ordered: sum('quantity'), cancelled: sum('cancelled'), shipped: sum('shipped') },
    ...{ returned: sum('returned'), restocked: sum('restocked') },
  };
}

function repeat(world: World, id: string): void {
  const first = world.commands.find((record) => record.key === id)!;
  const offset = command(world, first.partition, id, first.body as OrderCommand);
  outcome(world, first.partition, offset, {
    outcome: 'DUPLICATE',
    type: 'command.duplicate',
    orderId: id,
    version: 1,
    status: 'PENDING_PAYMENT',
    commandId: `place:${id}`,
    commandType: 'PLACE',
  });
}

/** A record of three bytes that are no command. */
function setAside(world: World, partition: number): void {
  const bytes = Buffer.from([1, 2, 3]);
  const offset = world.next[partition]!;
  world.next[partition] = offset + 1;
  world.commands.push({ partition, key: 'x', timestampMs: AT_MS, headers: {}, body: bytes });
  world.deadLetters.push({
    partition,
    key: 'x',
    timestampMs: AT_MS,
    headers: { dlq_partition: String(partition), dlq_offset: String(offset) },
    body: bytes,
  });
  world.deadLetterRows.push({ partition, offset, digest: createHash('sha256').update(bytes).digest() });
  outcome(world, partition, offset, { outcome: 'DEAD_LETTERED', type: 'command.dead_lettered', version: 0 });
}

/** The key of the order in the tables. */
export function keyOf({ partition, offset }: Pick<WorldOrder, 'partition' | 'offset'>): number {
  return partition * 2 ** 48 + offset;
}

/** Adds a command to the log of its partition. Returns its offset. */
function command(world: World, partition: number, id: string, parts: Partial<OrderCommand>): number {
  const offset = world.next[partition]!;
  world.next[partition] = offset + 1;
  const body = {
    orderId: id,
    customerId: 'c1',
    actor: 'customer',
    idempotencyKey: id,
    fingerprint: Buffer.alloc(32),
    issuedAt: AT_MS,
    traceparent: null,
    ...parts,
  } as OrderCommand;
  world.commands.push({ partition, key: id, timestampMs: AT_MS, headers: {}, body });
  return offset;
}

/** Adds the outcome of the command at this offset. */
function outcome(world: World, partition: number, offset: number, parts: Partial<OrderEvent>): void {
  const body = eventAt(partition, offset, parts);
  world.events.push({
    partition,
    key: body.orderId,
    timestampMs: AT_MS,
    headers: { ce_id: body.eventId },
    body,
  });
}

/** The outcome of a command at this position. By default it is the outcome of a repeated command. */
export function eventAt(partition: number, offset: number, parts: Partial<OrderEvent>): OrderEvent {
  return {
    ...exampleEvent(),
    eventId: `${partition}-${offset}`,
    type: 'command.duplicate',
    outcome: 'DUPLICATE',
    orderId: null,
    customerId: 'c1',
    version: 0,
    status: null,
    occurredAt: AT_MS,
    sourcePartition: partition,
    sourceOffset: offset,
    prevSourceOffset: offset - 1,
    ...parts,
  };
}

function byPartition<T extends OrderCommand | OrderEvent>(
  topic: string,
  records: WorldRecord<T>[],
  codecs: Codecs,
): LogRecord[][] {
  const result: LogRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const { partition, key, timestampMs, headers, body } of records) {
    const log = result[partition]!;
    log.push({
      topic,
      partition,
      offset: log.length,
      timestampMs,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.isBuffer(body) ? body : encode(body, codecs),
      headers,
    });
  }
  return result;
}

function encode(body: OrderCommand | OrderEvent, codecs: Codecs): Buffer {
  return 'eventId' in body ? codecs.events.encode(body) : codecs.commands.encode(body);
}

/** Functions that damage a reconciled world while reconciliation runs. */
import type { LogRecord } from '../../../cli/kafka/log-reader.ts';
import type { OrderEvent, OrderState } from '../../../schemas/index.ts';
import { loadStateCodec } from '../../../services/shared/codec/index.ts';
import { COMMANDS, EVENTS, PARTITIONS } from '../../../topics/index.ts';
import { quietLog } from '../records/kafka.ts';
import { produceRecords } from '../records/produce.ts';
import { testStack } from '../servers/stack.ts';
import {
  AT_MS,
  eventAt,
  newOrderIn,
  orderPartitions,
  type WorldOrder,
  type WorldRecord,
} from './order-world.ts';
import { stateLog, statesOf, type WorldStates } from './order-world-states.ts';
import type { ReconciledWorld } from './reconciled-world.ts';

/** One difference to plant. */
export interface Plant {
  what: string;
  /** Returns `KIND subject` of every resulting finding. */
  plant(p: Planting): Promise<string[]>;
}

export const plant = (what: string, how: Plant['plant']): Plant => ({ what, plant: how });

export interface Planting extends ReconciledWorld {
  snapshot: WorldStates;
  /** An unchanged order, from the partitions that are reserved for damage to orders. */
  order(status?: string): WorldOrder;
  /** Its newest outcome. */
  outcomeOf(order: WorldOrder): OrderEvent;
  sql(text: string, ...params: unknown[]): Promise<void>;
  /**
   * Adds a command with this outcome, as a worker decides it. Returns its source offset. `key` is that of the
   * outcome. A null `event` means that the outcome never arrives.
   */
  decide(partition: number, event: Partial<OrderEvent> | null, key?: string): Promise<number>;
  /** Changes the order, in its row and by an outcome. */
  change(order: WorldOrder, status: string, updatedAtMs: number): Promise<void>;
  /** A rejected order; the contents of `event` are in its outcome only. */
  reject(partition: number, event?: Partial<OrderEvent>, hasRow?: boolean): Promise<string>;
  command(partition: number): Promise<number>;
  raw(topic: string, partition: number, value: Buffer, headers?: Record<string, string>): Promise<void>;
  states(...records: WorldRecord<OrderState>[]): Promise<void>;
}

export const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');

export async function startPlanting(one: ReconciledWorld): Promise<Planting> {
  const { world, db } = one;
  const { schemaRegistryUrl } = testStack();
  const codec = await loadStateCodec({ registryUrl: schemaRegistryUrl, log: quietLog });
  const taken = new Set<string>();
  let made = 0;
  const planting: Planting = {
    ...one,
    snapshot: statesOf(world),
    order(status = 'PENDING_PAYMENT') {
      const order = world.orders.find(
        ({ id, partition, status: is }) =>
          is === status && !taken.has(id) && orderPartitions.includes(partition),
      );
      if (order === undefined) throw new Error(`no order is left that is ${status}`);
      taken.add(order.id);
      return order;
    },
    outcomeOf: ({ id }) =>
      world.events.map(({ body }) => body as OrderEvent).findLast((body) => body.orderId === id)!,
    sql: async (text, ...params) => void (await db.query(text, params)),
    async command(partition) {
      const offset = world.next[partition]!;
      world.next[partition] = offset + 1;
      await planting.raw(COMMANDS, partition, Buffer.from('a command'));
      return offset;
    },
    decide: (partition, event, key) => decide(planting, partition, event, key),
    change: (order, status, updatedAtMs) => change(planting, order, status, updatedAtMs),
    async reject(partition, event = {}, hasRow = true) {
      const id = newOrderIn(partition, made++);
      if (hasRow) await insertRejected(planting, id, partition * 2 ** 48 + rejectedFrom + made);
      const rejected = {
        outcome: 'REJECTED',
        type: 'order.rejected',
        version: 1,
        status: 'REJECTED',
      } as const;
      await planting.decide(partition, { ...rejected, orderId: id, ...event });
      return id;
    },
    raw: (topic, partition, value, headers = {}) =>
      produce(planting, [{ topic, partition, value, headers, key: Buffer.from(commandKey) }]),
    states: (...records) => produce(planting, stateLog(records, codec).flat()),
  };
  return planting;
}

async function decide(
  planting: Planting,
  partition: number,
  event: Partial<OrderEvent> | null,
  key = commandKey,
): Promise<number> {
  const offset = await planting.command(partition);
  const moveTo = (column: string) =>
    planting.sql(`UPDATE lane_positions SET ${column} = ? WHERE partition_id = ?`, offset + 1, partition);
  await moveTo('next_offset');
  if (event !== null) {
    const value = planting.kafka.codecs.events.encode(eventAt(partition, offset, event));
    await produce(planting, [{ topic: EVENTS, partition, key: Buffer.from(key), value, headers: {} }]);
  }
  // A lane publishes before it moves this position, so that no outcome seems to be missing meanwhile.
  await moveTo('published_offset');
  return offset;
}

async function change(planting: Planting, order: WorldOrder, status: string, updatedAtMs: number) {
  await planting.sql(
    'UPDATE orders SET status = ?, version = 2, updated_at_ms = ? WHERE order_id = ?',
    status,
    updatedAtMs,
    idBytes(order.id),
  );
  await planting.decide(order.partition, {
    outcome: 'APPLIED',
    type: 'order.changed',
    orderId: order.id,
    version: 2,
    status,
  });
}

async function insertRejected({ sql }: Planting, id: string, orderKey: number): Promise<void> {
  await sql(
    `INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax, total,
       price_version, idempotency_key, fingerprint, created_at_ms, updated_at_ms)
     VALUES (?, ?, 'c1', 'REJECTED', 1, 'EUR', 0, 0, 0, 0, 0, 1, '', '', ?, ?)`,
    orderKey,
    idBytes(id),
    AT_MS,
    AT_MS,
  );
  await sql(`INSERT INTO order_items (order_key, line_no, sku, quantity) VALUES (?, 1, 'GONE', 1)`, orderKey);
}

type Produced = Pick<LogRecord, 'topic' | 'partition' | 'key' | 'value' | 'headers'>;

/** The broker decides the offset of the record. */
async function produce({ prefix }: Planting, records: readonly Produced[]): Promise<void> {
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: prefix };
  const complete = records.map((record) => ({ ...record, offset: 0, timestampMs: Date.now() }));
  await produceRecords(config, [{ topic: records[0]!.topic, records: complete }]);
}

/** Offsets of orders that are added to the tables outside the log. */
const rejectedFrom = 1_000_000;
/** Reconciliation reads the keys of commands, not their contents. */
const commandKey = 'k';

/** Notification has processed all events, and each endpoint has a delivery of each event in its filter. */
export async function deliverAll({ world, db }: ReconciledWorld): Promise<OrderEvent[]> {
  const events = world.events
    .map(({ body }) => body as OrderEvent)
    .filter(({ type }) => type.startsWith('order.'));
  await db.query(
    'INSERT INTO notification_positions (topic, partition_id, last_source_offset, updated_at_ms) VALUES ?',
    [
      Array.from({ length: PARTITIONS }, (_, partition) => [
        EVENTS,
        partition,
        world.next[partition]! - 1,
        0,
      ]),
    ],
  );
  const rowOf = (event: OrderEvent, endpoint: string) => {
    const { eventId, orderId, version, type } = event;
    return [eventId, endpoint, idBytes(orderId!), version, type, 0, '{}', 0];
  };
  await db.query(
    'INSERT INTO notification_deliveries (event_id, endpoint_id, order_id, order_version, event_type, due_at_ms, payload, created_at_ms) VALUES ?',
    [
      [
        ...events.map((event) => rowOf(event, 'all')),
        ...events.filter(({ type }) => type === 'order.cancelled').map((event) => rowOf(event, 'some')),
      ],
    ],
  );
  await db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, secret, created_at_ms, updated_at_ms)
     VALUES ('all', 'c1', '', NULL, '', 1, 1), ('some', '*', '', '["order.cancelled"]', '', 1, 1)`,
  );
  return events;
}

import { afterEach, describe, expect, it } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/index.ts';
import { makeWorld, type World, type WorldRecord } from '../../support/order-world/order-world.ts';
import {
  followed,
  namesOf,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const files = useTopicPrefix('reconciliation');
const opened: ReconciledWorld[] = [];

async function open(world: World): Promise<ReconciledWorld> {
  const one = await reconcileWorld(world, { prefix: `${files}${opened.length}.` });
  opened.push(one);
  return one;
}

const eventOf = (world: World, pick: (event: OrderEvent) => boolean): WorldRecord<OrderEvent> =>
  world.events.find((record) => pick(record.body as OrderEvent))!;

afterEach(() => opened.at(-1)?.close());

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');
const isAccepted = ({ outcome }: OrderEvent): boolean => outcome === 'ACCEPTED';
const bodyOf = (record: WorldRecord<OrderEvent>): OrderEvent => record.body as OrderEvent;

/** Waits until exactly these are open. */
async function stands(one: ReconciledWorld, expected: string[]): Promise<void> {
  const wanted = JSON.stringify(expected.toSorted());
  await until(async () => JSON.stringify(await one.open()) === wanted, {
    what: wanted,
    deadlineMs: 40_000,
  }).catch(async (cause: unknown) => {
    expect(await one.open()).toEqual(expected.toSorted());
    throw cause;
  });
  expect(one.service.failure()).toBeNull();
}

describe('reconciliation', () => {
  it('finds no difference, then the planted ones in tables and caches, and closes repaired ones', async () => {
    const one = await open(makeWorld());
    const { db, world } = one;
    await followed(one);
    await twoRounds(one);
    await stands(one, []);
    expect(namesOf((await one.onDemand()).findings)).toEqual([]);

    const [damaged, gone, overdue, cached] = world.orders.filter(
      (order) => order.status === 'PENDING_PAYMENT',
    );
    const undelivered = bodyOf(eventOf(world, isAccepted)).eventId;
    const deliveries = world.events
      .map((record) => bodyOf(record))
      .filter((event) => event.type.startsWith('order.'));
    await db.query(
      'INSERT INTO notification_positions (topic, partition_id, last_source_offset, updated_at_ms) VALUES ?',
      [world.next.map((next, partition) => [EVENTS, partition, next - 1, 0])],
    );
    await db.query(
      `INSERT INTO notification_deliveries (event_id, endpoint_id, order_id, order_version, event_type, due_at_ms, payload, created_at_ms) VALUES ?`,
      [
        deliveries.map((event) => [
          event.eventId,
          'e1',
          idBytes(event.orderId!),
          event.version,
          event.type,
          0,
          '{}',
          0,
        ]),
      ],
    );
    await db.query(
      `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms) VALUES ('e1', 'c1', '', '', 1, 1)`,
    );
    await twoRounds(one);
    await stands(one, []);

    await db.query('DELETE FROM notification_deliveries WHERE event_id = ?', [undelivered]);
    await db.query('UPDATE notification_positions SET last_source_offset = 100 WHERE partition_id = 4');
    await db.query('UPDATE orders SET total = total + 1 WHERE order_id = ?', [idBytes(damaged!.id)]);
    await db.query('UPDATE orders SET payment_due_at_ms = 1 WHERE order_id = ?', [idBytes(overdue!.id)]);
    await db.query('UPDATE stock SET available = available - 1');
    const cacheKey = `${one.prefix}os:{${cached!.id}}`;
    await one.redis.hset(cacheKey, 'v', '9', 'b', '');
    await one.kafka.admin.setGroupOffsets(GROUPS.worker, COMMANDS, new Map([[6, 50n]]));
    await stands(one, [
      `DELIVERY_MISSING ${undelivered}/e1`,
      'NOTIFICATION_AHEAD 4',
      `MONEY_DIFFERS ${damaged!.id}`,
      `ORDER_DIFFERS ${damaged!.id}`,
      'STOCK_DIFFERS A-1',
      `CACHE_DIFFERS ${cached!.id}`,
      'OFFSET_AHEAD 6',
      `ORDER_STUCK ${overdue!.id}`,
    ]);

    await db.query(
      `INSERT INTO notification_deliveries (event_id, endpoint_id, order_id, order_version, event_type, due_at_ms, payload, created_at_ms) VALUES (?, 'e1', ?, 1, 'order.accepted', 0, '{}', 0)`,
      [undelivered, Buffer.alloc(16)],
    );
    await db.query('UPDATE notification_positions SET last_source_offset = 0 WHERE partition_id = 4');
    await db.query('UPDATE orders SET total = total - 1 WHERE order_id = ?', [idBytes(damaged!.id)]);
    await db.query('UPDATE orders SET payment_due_at_ms = NULL');
    await db.query('UPDATE stock SET available = available + 1');
    await one.redis.del(cacheKey);
    await one.kafka.admin.setGroupOffsets(GROUPS.worker, COMMANDS, new Map([[6, 0n]]));
    await stands(one, []);

    await db.query('DELETE FROM orders WHERE order_id = ?', [idBytes(gone!.id)]);
    await db.query('UPDATE lane_positions SET next_offset = 0, published_offset = 0 WHERE partition_id = 7');
    await stands(one, [
      `ORDER_MISSING ${gone!.id}`,
      'POSITION_BACK 7',
      'NOTIFICATION_AHEAD 7',
      'LANE_STALLED 7',
      'STOCK_DIFFERS A-1',
    ]);
  });

  it('finds every damage to the logs, each once and nothing else', async () => {
    const world = makeWorld();
    const expected: string[] = [];
    const accepted = world.events.filter((record) => isAccepted(bodyOf(record)));
    const [mutated, repeated, misplaced] = accepted;
    const { order } = bodyOf(mutated!);
    mutated!.body = { ...bodyOf(mutated!), order: { ...order!, total: order!.total + 1 } };
    expected.push(`ORDER_DIFFERS ${bodyOf(mutated!).orderId}`);

    world.events.push({ ...repeated!, body: { ...bodyOf(repeated!), actor: 'nobody' } });
    expected.push(`OUTCOME_CHANGED ${bodyOf(repeated!).eventId}`);

    misplaced!.key = 'another';
    expected.push(`OUTCOME_KEY_DIFFERS ${bodyOf(misplaced!).eventId}`);

    world.events.unshift({
      partition: 8,
      key: null,
      timestampMs: Date.now(),
      headers: {},
      body: Buffer.from('garbage'),
    });
    expected.push('OUTCOME_UNREADABLE 8-0');

    const beyond = world.next[9]! + 5;
    const orphan = {
      ...bodyOf(accepted[3]!),
      outcome: 'DUPLICATE',
      sourcePartition: 9,
      sourceOffset: beyond,
    } as OrderEvent;
    world.events.push({ ...accepted[3]!, partition: 9, body: orphan });
    expected.push(`OUTCOME_UNEXPECTED 9-${beyond}`);

    expected.push(`DEAD_LETTER_DIFFERS 3-${world.deadLetterRows[0]!.offset}`);
    world.deadLetterRows[0]!.digest = Buffer.alloc(32);
    world.deadLetters.push({
      ...world.deadLetters[0]!,
      headers: { dlq_partition: '10', dlq_offset: '77' },
    });
    expected.push('DEAD_LETTER_UNRECORDED 10-77');

    const lost = eventOf(world, ({ outcome }) => outcome === 'DUPLICATE');
    world.events.splice(world.events.indexOf(lost), 1);
    const missing = `OUTCOME_MISSING ${bodyOf(lost).eventId}`;

    world.published[11] = world.next[11]! + 1;
    expected.push('PUBLISHED_AHEAD 11');

    const one = await open(world);
    await one.db.query(
      `INSERT INTO dead_letters (topic, partition_id, source_offset, reason_code, message, attempts, value_sha256, value_bytes, source_at_ms, first_failed_at_ms)
       VALUES (?, 3, 0, 'BAD_MAGIC', '', 1, ?, 3, ?, ?)`,
      [COMMANDS, Buffer.alloc(32), Date.now(), Date.now()],
    );
    expected.push('DEAD_LETTER_UNPUBLISHED 3-0');
    await stands(one, [...expected, missing]);

    expect(namesOf((await one.onDemand()).findings)).toEqual([...expected, missing].toSorted());

    await one.kafka.produceEvents([bodyOf(lost)]);
    await stands(one, expected);
  });

  it('is on standby while another instance works, takes over, and keeps open findings', async () => {
    const world = makeWorld();
    world.next[5] = world.next[5]! + 10;
    const one = await open(world);
    await stands(one, ['LOG_SHORT 5']);
    const second = await one.startAnother();
    await followed(one);
    await one.service.stop();
    await one.db.query('UPDATE stock SET available = available - 1');
    await until(async () => (await one.open()).length === 2, {
      what: 'the second finding',
      deadlineMs: 40_000,
    });
    expect(await one.open()).toEqual(['LOG_SHORT 5', 'STOCK_DIFFERS A-1']);
    expect(second.failure()).toBeNull();
  });
});

/**
 * Differences to plant one after the other in a world without differences. Each returns the expected finding.
 */

import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { markerOf } from './order-world-states.ts';
import { goodsPlants } from './planted-goods.ts';
import { moneyPlants } from './planted-money.ts';
import { idBytes, type Plant, plant } from './planting.ts';

/** A change to the row of an unchanged order. */
const row = (what: string, set: string, kinds: string[], status?: string): Plant =>
  plant(what, async (p) => {
    const { id } = p.order(status);
    await p.sql(`UPDATE orders SET ${set} WHERE order_id = ?`, idBytes(id));
    return kinds.map((kind) => `${kind} ${id}`);
  });

const item = (what: string, change: string, more: string[] = []): Plant =>
  plant(what, async (p) => {
    const { id, partition, offset } = p.order();
    await p.sql(`${change} WHERE order_key = ?`, partition * 2 ** 48 + offset);
    return [`MONEY_DIFFERS ${id}`, ...more];
  });

const overdue: Plant = plant('an unpaid order that nobody expires', async (p) => {
  const { id } = p.order();
  await p.sql('UPDATE orders SET payment_due_at_ms = 1 WHERE order_id = ?', idBytes(id));
  return [`ORDER_STUCK ${id}`];
});

const stock = (what: string, sku: string, set: string): Plant =>
  plant(what, async (p) => {
    await p.sql('INSERT INTO stock (sku, initial, added, available) VALUES (?, 10, 0, 10)', sku);
    await p.sql(`UPDATE stock SET ${set} WHERE sku = ?`, sku);
    return [`STOCK_DIFFERS ${sku}`];
  });

const outcomes: Plant[] = [
  plant('a lost outcome', async (p) => [`OUTCOME_MISSING 0-${await p.decide(0, null)}`]),
  plant('a lost outcome with another after it', async (p) => {
    const lost = await p.decide(1, null);
    await p.decide(1, {});
    return [`OUTCOME_MISSING 1-${lost}`];
  }),
  plant('an outcome of a command that does not exist', async (p) => {
    const offset = p.world.next[9]! + 5;
    await p.kafka.produceEvents([
      { ...p.outcomeOf(p.order()), outcome: 'DUPLICATE', sourcePartition: 9, sourceOffset: offset },
    ]);
    return [`OUTCOME_UNEXPECTED 9-${offset}`];
  }),
  plant('an outcome with another key', async (p) => [
    `OUTCOME_KEY_DIFFERS 2-${await p.decide(2, {}, 'another')}`,
  ]),
  plant('a different repeat by another producer', async (p) => {
    const event = p.outcomeOf(p.order());
    await p.kafka.produceEvents([{ ...event, actor: 'nobody' }]);
    return [`OUTCOME_CHANGED ${event.eventId}`];
  }),
  plant('a repeat with another total', async (p) => {
    const event = p.outcomeOf(p.order());
    await p.kafka.produceEvents([{ ...event, order: { ...event.order!, total: event.order!.total + 1 } }]);
    return [`OUTCOME_CHANGED ${event.eventId}`];
  }),
  ...['garbage', ''].map((text) =>
    plant(`an outcome of ${text.length} bytes`, async (p) => {
      const { high } = (await p.kafka.admin.endOffsets(EVENTS)).get(8)!;
      await p.raw(EVENTS, 8, Buffer.from(text));
      return [`OUTCOME_UNREADABLE 8-${high}`];
    }),
  ),
];

const orders: Plant[] = [
  row('a status that no outcome gave', `status = 'PAID'`, ['ORDER_DIFFERS', 'PAID_UNPAID']),
  row('a version ahead of its outcomes', 'version = version + 1', ['ORDER_DIFFERS']),
  row('an order of another customer', `customer_id = 'c2'`, ['ORDER_DIFFERS']),
  row('a wrong total that adds up', 'total = total + 5, tax = tax + 5', ['ORDER_DIFFERS']),
  row('a wrong total', 'total = total + 1', ['ORDER_DIFFERS', 'MONEY_DIFFERS']),
  row('a wrong total of a rejected order', 'total = 1', ['MONEY_DIFFERS'], 'REJECTED'),
  plant('a lost row', async (p) => {
    const { id } = p.order('REJECTED');
    await p.sql('DELETE FROM orders WHERE order_id = ?', idBytes(id));
    return [`ORDER_MISSING ${id}`];
  }),
  plant('a lost row that held stock', async (p) => {
    const { id } = p.order();
    await p.sql('DELETE FROM orders WHERE order_id = ?', idBytes(id));
    return [`ORDER_MISSING ${id}`, 'STOCK_DIFFERS A-1'];
  }),
  plant('an outcome without a row', async (p) => [`ORDER_MISSING ${await p.reject(3, {}, false)}`]),
  plant('a mutated event', async (p) => [
    `ORDER_DIFFERS ${await p.reject(3, { status: 'PENDING_PAYMENT' })}`,
  ]),
  plant('a change that never reached the row', async (p) => {
    const { id, partition } = p.order();
    await p.decide(partition, {
      outcome: 'APPLIED',
      type: 'order.paid',
      orderId: id,
      version: 2,
      status: 'PAID',
    });
    return [`ORDER_DIFFERS ${id}`];
  }),
  ...[
    ['a newer version in the cache', '9', ''],
    ['an older version in the cache', '0', ''],
    ['another status in the cache', '1', '{"status":"PAID"}'],
  ].map(([what, version, body]) =>
    plant(what!, async (p) => {
      const { id } = p.order();
      await p.redis.hset(`${p.prefix}os:{${id}}`, 'v', version!, 'b', body!);
      return [`CACHE_DIFFERS ${id}`];
    }),
  ),
  overdue,
];

const books: Plant[] = [
  stock('a unit without an owner', 'S-1', 'available = available - 1'),
  stock('units that were added outside the workers', 'S-2', 'added = added + 5'),
  stock('another initial stock', 'S-3', 'initial = initial + 1'),
  stock('a unit that was shipped for no order', 'S-4', 'shipped = shipped + 1'),
  plant('a line whose SKU has no stock row', async (p) => {
    const { id, partition, offset } = p.order();
    await p.sql(
      `INSERT INTO order_items (order_key, line_no, sku, quantity, unit_price, line_total) VALUES (?, 9, 'S-9', 1, 5, 5)`,
      partition * 2 ** 48 + offset,
    );
    return [`MONEY_DIFFERS ${id}`, 'STOCK_DIFFERS S-9'];
  }),
  item('a line with another total', 'UPDATE order_items SET line_total = line_total + 1'),
  item('a line with another price', 'UPDATE order_items SET unit_price = unit_price + 1'),
  item('a line with another quantity', 'UPDATE order_items SET quantity = quantity + 1', [
    'STOCK_DIFFERS A-1',
  ]),
  item('an order without lines', 'DELETE FROM order_items', ['STOCK_DIFFERS A-1']),
  row('a tax that is in no total', 'tax = tax + 1', ['MONEY_DIFFERS']),
  row('a subtotal that differs from its lines', 'subtotal = subtotal + 1, discount = discount + 1', [
    'MONEY_DIFFERS',
  ]),
];

const deadLetters: Plant[] = [
  plant('a dead letter without a record on the topic', async (p) => {
    await p.sql(
      `INSERT INTO dead_letters (topic, partition_id, source_offset, reason_code, message, attempts, value_sha256, value_bytes, source_at_ms, first_failed_at_ms)
       VALUES (?, 3, 0, 'BAD_MAGIC', '', 1, ?, 3, ?, ?)`,
      COMMANDS,
      Buffer.alloc(32),
      Date.now(),
      Date.now(),
    );
    return ['DEAD_LETTER_UNPUBLISHED 3-0'];
  }),
  plant('an orphan dead letter', async (p) => {
    await p.raw(DEAD_LETTERS, 10, Buffer.from('x'), { dlq_partition: '10', dlq_offset: '77' });
    return ['DEAD_LETTER_UNRECORDED 10-77'];
  }),
  plant('a dead letter with other bytes', async (p) => {
    const { partition, offset } = p.world.deadLetterRows[0]!;
    await p.sql('UPDATE dead_letters SET value_sha256 = ? WHERE source_offset = ?', Buffer.alloc(32), offset);
    return [`DEAD_LETTER_DIFFERS ${partition}-${offset}`];
  }),
];

const deliveries: Plant[] = [
  ...[1, 2].map((nth) =>
    plant(`lost delivery row ${nth}`, async (p) => {
      const { eventId } = p.outcomeOf(p.order());
      await p.sql(`DELETE FROM notification_deliveries WHERE event_id = ?`, eventId);
      return [`DELIVERY_MISSING ${eventId}/all`];
    }),
  ),
  plant('a lost delivery row of an endpoint with a narrow filter', async (p) => {
    const { eventId } = p.outcomeOf(p.world.orders.find(({ status }) => status === 'CANCELLED')!);
    await p.sql(`DELETE FROM notification_deliveries WHERE event_id = ? AND endpoint_id = 'some'`, eventId);
    return [`DELIVERY_MISSING ${eventId}/some`];
  }),
];

/** The markers of the snapshot come last, because its states prove nothing before them. */
const states: Plant[] = [
  plant('states: one missing, two changed, one old', async (p) => {
    const [missing, status, total] = [p.order(), p.order(), p.order()].map(({ id }) => id);
    const old = p.world.orders.find(({ status: is }) => is === 'CANCELLED')!.id;
    const first = p.world.events.find(({ key }) => key === old)!.body as { sourceOffset: number };
    const planted = p.snapshot.states.flatMap((record) => {
      const { body } = record;
      if (Buffer.isBuffer(body) || body.orderId === missing) return [];
      if (body.orderId === status) return [{ ...record, body: { ...body, status: 'PAID' } }];
      if (body.orderId === total)
        return [{ ...record, body: { ...body, terms: { ...body.terms!, total: 1 } } }];
      if (body.orderId !== old) return [record];
      const { sourceOffset } = first;
      return [{ ...record, body: { ...body, version: 1, status: 'PENDING_PAYMENT', sourceOffset } }];
    });
    await p.states(...planted, ...p.snapshot.markers);
    return [`STATE_MISSING ${missing}`, ...[status, total, old].map((id) => `STATE_DIFFERS ${id}`)];
  }),
  plant('a marker ahead of what was decided', async (p) => {
    await p.states(markerOf(p.world, 9, p.world.next[9]! + 50));
    return ['STATE_AHEAD 9'];
  }),
  plant('a marker ahead of the outcomes', async (p) => {
    const marker = markerOf(p.world, 11, p.world.next[11]! - 1);
    if (!Buffer.isBuffer(marker.body)) marker.body.eventsOffset = 1_000;
    await p.states(marker);
    return ['STATE_AHEAD 11'];
  }),
  plant('a marker that went back', async (p) => {
    await p.states(markerOf(p.world, 6, 0));
    return ['STATE_BACK 6'];
  }),
  plant('an invalid state', async (p) => {
    const { high } = (await p.kafka.admin.endOffsets(STATE)).get(5)!;
    await p.raw(STATE, 5, Buffer.from('garbage'));
    return [`STATE_UNREADABLE 5-${high}`];
  }),
];

const positions: Plant[] = [
  plant('a group offset ahead of what was decided', async (p) => {
    await p.kafka.admin.setGroupOffsets(GROUPS.worker, COMMANDS, new Map([[6, 500n]]));
    return ['OFFSET_AHEAD 6'];
  }),
  plant('published ahead of decided', async (p) => {
    await p.sql('UPDATE lane_positions SET published_offset = next_offset + 1 WHERE partition_id = 11');
    return ['PUBLISHED_AHEAD 11'];
  }),
  plant('more decided than the log has', async (p) => {
    await p.sql('UPDATE lane_positions SET next_offset = next_offset + 10 WHERE partition_id = 5');
    return ['LOG_SHORT 5'];
  }),
  plant('notification ahead of what was decided', async (p) => {
    await p.sql('UPDATE notification_positions SET last_source_offset = 500 WHERE partition_id = 4');
    return ['NOTIFICATION_AHEAD 4'];
  }),
  plant('a stalled lane', async (p) => {
    await p.command(10);
    return ['LANE_STALLED 10'];
  }),
  plant('a lane that went back', async (p) => {
    await p.sql('UPDATE lane_positions SET next_offset = 0, published_offset = 0 WHERE partition_id = 7');
    return ['POSITION_BACK 7', 'LANE_STALLED 7', 'NOTIFICATION_AHEAD 7', 'STATE_AHEAD 7'];
  }),
];

export const plants: readonly Plant[] = [
  ...outcomes,
  ...orders,
  ...books,
  ...moneyPlants,
  ...goodsPlants,
  ...deadLetters,
  ...deliveries,
  ...states,
  ...positions,
];

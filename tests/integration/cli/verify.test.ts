import { beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { openLogReader } from '../../../cli/kafka/log-reader.ts';
import type { CheckName } from '../../../cli/verify/checks.ts';
import { verify } from '../../../cli/verify/verify.ts';
import type { OrderEvent } from '../../../schemas/index.ts';
import { createAdmin, createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/catalogue.ts';
import { PARTITIONS } from '../../../topics/partition.ts';
import {
  makeWorld,
  messagesOf,
  orderIdOf,
  type World,
  type WorldRecord,
} from '../../support/order-world/order-world.ts';
import { writeTables } from '../../support/order-world/order-world-tables.ts';
import { codecs, decoder, faultCounts, verifyWorld } from '../../support/order-world/verified-world.ts';
import { produceRecords } from '../../support/records/produce.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('cli-verify');
const topicPrefix = useTopicPrefix('cli-verify');

const eventOf = (world: World, pick: (event: OrderEvent) => boolean): WorldRecord<OrderEvent> =>
  world.events.find((record) => pick(record.body as OrderEvent))!;
const bodyOf = (record: WorldRecord<OrderEvent>): OrderEvent => record.body as OrderEvent;
const accepted = (event: OrderEvent) => event.outcome === 'ACCEPTED';

/** Replaces a record's body with a changed copy, so that worlds share no data. */
function change(record: WorldRecord<OrderEvent>, parts: Partial<OrderEvent>): void {
  record.body = { ...bodyOf(record), ...parts };
}

describe('verify', () => {
  test.each([1e15, 2 ** 53])('survives a damaged position: %d', async (next) => {
    const world = makeWorld();
    world.next[5] = next;
    world.published[5] = next;
    const report = await verifyWorld(database().url, world);
    expect(report.ok).toBe(false);
    expect(faultCounts(report)).toEqual({ position: 1 });
  });

  test('finds nothing in a world without differences', async () => {
    const report = await verifyWorld(database().url, makeWorld());
    expect(faultCounts(report)).toEqual({});
    expect(report).toMatchObject({
      ok: true,
      commands: 34,
      orders: 30,
      deadLetters: 1,
      repeats: 0,
      outcomes: { ACCEPTED: 24, REJECTED: 6, APPLIED: 2, DUPLICATE: 1, DEAD_LETTERED: 1 },
    });
  });

  test('counts byte-equal repeats as repeats, anywhere', async () => {
    const world = makeWorld();
    world.events.push(...world.events.slice(0, 10));
    const report = await verifyWorld(database().url, world);
    expect(faultCounts(report)).toEqual({});
    expect(report.repeats).toBe(10);
  });

  test.each<[string, (world: World) => void, Partial<Record<CheckName, number>>]>([
    ['an undecided command', (world) => world.commands.push({ ...world.commands[0]! }), { undecided: 1 }],
    [
      'a lost outcome',
      (world) =>
        world.events.splice(
          world.events.findIndex((record) => bodyOf(record).outcome === 'DUPLICATE'),
          1,
        ),
      { noOutcome: 1 },
    ],
    [
      'an outcome of no command',
      (world) => {
        const { partition } = world.events[0]!;
        const offset = world.next[partition]!;
        world.events.push({ ...world.events[0]!, body: eventAt(world, partition, offset) });
        world.next[partition] = offset + 1;
        world.published[partition] = offset + 1;
      },
      { noCommand: 1, position: 1 },
    ],
    [
      'a repeat with another time',
      (world) => world.events.push({ ...world.events[0]!, timestampMs: 1 }),
      { unlikeRepeat: 1 },
    ],
    [
      'a gap that the chain hides',
      (world) =>
        change(
          eventOf(world, ({ outcome }) => outcome === 'APPLIED'),
          { prevSourceOffset: 0 },
        ),
      { brokenChain: 1 },
    ],
    [
      'a key of another order',
      (world) => {
        eventOf(world, accepted).key = orderIdOf(99);
      },
      { wrongPlace: 1 },
    ],
    [
      'another command id',
      (world) => change(eventOf(world, accepted), { commandId: 'place:other' }),
      { unlikeCommand: 1 },
    ],
    [
      'bytes that are no outcome',
      (world) => world.events.push({ ...world.events[0]!, body: Buffer.from([0, 0, 0, 0, 2, 9]) }),
      { undecodable: 1 },
    ],
    [
      'a lost row',
      (world) => {
        const index = world.orders.findIndex(({ status }) => status === 'REJECTED');
        world.orders.splice(index, 1);
      },
      { outcomeWithoutOrder: 1 },
    ],
    [
      'a row without any outcome',
      (world) => {
        const order = world.orders.find(({ status }) => status === 'REJECTED')!;
        world.orders.push({ ...order, id: orderIdOf(99), offset: order.offset + 1000 });
        world.next[order.partition] = order.offset + 2000;
      },
      { orderWithoutOutcome: 1, position: 1 },
    ],
    [
      'a version that skips one',
      (world) =>
        change(
          eventOf(world, ({ outcome }) => outcome === 'APPLIED'),
          { version: 3 },
        ),
      { versionGap: 1, unlikeOutcome: 1 },
    ],
    [
      'a status that differs from the log',
      (world) => {
        world.orders.find(({ status }) => status === 'REJECTED')!.status = 'EXPIRED';
      },
      { unlikeOutcome: 1, money: 1 },
    ],
    [
      'a total that differs from the outcome',
      (world) => {
        const order = world.orders.find(({ status }) => status === 'PENDING_PAYMENT')!;
        order.total += 1;
      },
      { unlikeOutcome: 1, money: 1 },
    ],
    [
      'a line with another quantity',
      (world) => {
        const item = world.orders.find(({ status }) => status === 'REJECTED')!.items[0]!;
        item.quantity += 1;
      },
      { unlikeRequest: 1 },
    ],
    ['a lost history row', (world) => world.history.pop(), { history: 1 }],
    [
      'a unit of stock without an owner',
      (world) => {
        world.stock[0]!.available -= 1;
      },
      { stock: 1 },
    ],
    [
      'stock that was added outside the log',
      (world) => {
        world.stock[0]!.added += 5;
        world.stock[0]!.available += 5;
      },
      { stock: 1 },
    ],
    ['a dead letter without its row', (world) => world.deadLetterRows.pop(), { deadLetter: 1 }],
    ['a dead letter without a record on its topic', (world) => world.deadLetters.pop(), { deadLetter: 1 }],
    [
      'a dead letter with other bytes',
      (world) => {
        world.deadLetters[0]!.body = Buffer.from([1, 2]);
      },
      { deadLetter: 1 },
    ],
    [
      'an orphan dead letter',
      (world) => world.deadLetterRows.push({ partition: 5, offset: 0, digest: Buffer.alloc(32) }),
      { deadLetter: 1 },
    ],
    [
      'a position beyond what was decided',
      (world) => {
        world.published[0] = world.next[0]! + 1;
      },
      { position: 1 },
    ],
    [
      'an order that was accepted twice',
      (world) => {
        const duplicate = eventOf(world, ({ outcome }) => outcome === 'DUPLICATE');
        change(duplicate, { outcome: 'ACCEPTED' });
      },
      { decidedTwice: 1, outcomeWithoutOrder: 1 },
    ],
  ])('finds %s', async (_what, damage, expected) => {
    const world = makeWorld();
    damage(world);
    const report = await verifyWorld(database().url, world);
    expect(faultCounts(report)).toEqual(expected);
    expect(report.ok).toBe(false);
  });
});

function eventAt(world: World, partition: number, offset: number): OrderEvent {
  const template = eventOf(world, ({ outcome }) => outcome === 'DUPLICATE');
  return {
    ...bodyOf(template),
    eventId: `${partition}-${offset}`,
    orderId: null,
    sourcePartition: partition,
    sourceOffset: offset,
    prevSourceOffset: offset - 1,
  };
}

describe('on a real cluster', () => {
  const config = () => ({ kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix });

  beforeAll(async () => {
    const admin = createAdmin(createKafkaConfig(config(), 'tests'));
    const topics = [COMMANDS, EVENTS, DEAD_LETTERS, STATE];
    await admin.createTopics(
      topics.map((name) => ({ name, partitions: PARTITIONS, replicationFactor: 1, configs: {} })),
    );
    await admin.close();
  });

  test('reads the logs from their start with its own readers, and finds the same', async () => {
    const world = makeWorld();
    await produceRecords(config(), messagesOf(world, codecs));
    const reader = await openLogReader(config());
    try {
      const report = await withDatabase(database().url, async (db) => {
        await writeTables(db, world);
        return verify({ db, reader, decoder, topicPrefix, waitMs: 1000 });
      });
      expect(faultCounts(report)).toEqual({});
      expect(report).toMatchObject({ ok: true, commands: 34, orders: 30 });
      await expect(reader.ranges('no.such.topic')).rejects.toThrow('there is no topic');
    } finally {
      await reader.close();
    }
  });
});

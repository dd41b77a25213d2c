/**
 * The outcome topic is truncated, or recreated while notification runs. Notification continues, and reports
 * the outcomes that it never received.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { createAdmin } from '../../../services/shared/kafka/index.ts';
import { applyTopics, EVENTS, GROUPS, planTopics, topicCatalogue } from '../../../topics/index.ts';
import { testSettings } from '../../support/records/kafka.ts';
import {
  addEndpointForAll,
  type NotificationWorld,
  openNotificationWorld,
} from '../../support/records/notification-world.ts';
import type { Started } from '../../support/records/subscribers.ts';
import { deleteTopics } from '../../support/servers/leftovers.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-log');
const prefix = useTopicPrefix('notification-log');
let world: NotificationWorld;
let receiver: Receiver;
let notification: Started | undefined;

beforeAll(async () => {
  world = await openNotificationWorld(prefix, database().url);
  receiver = await startReceiver();
  await addEndpointForAll(world.db, receiver.url);
});
afterAll(async () => {
  await notification?.stop();
  await receiver?.close();
  await world?.close();
});
beforeEach(async () => {
  await notification?.stop();
  receiver.received.length = 0;
});

async function start(): Promise<void> {
  notification = await world.start();
}

const posted = (): string[] => receiver.received.map(({ headers }) => headers['webhook-id']!);

async function untilPosted(eventIds: readonly string[]): Promise<void> {
  await until(() => eventIds.every((id) => posted().includes(id)), {
    what: 'the posts',
    deadlineMs: 45_000,
  }).catch((cause: unknown) => {
    expect(posted()).toEqual(eventIds);
    throw cause;
  });
}

async function countOf(metric: RegExp): Promise<number> {
  const text = await notification!.metrics.text();
  return Number(metric.exec(text)?.[1] ?? 0);
}

/** This uses new clients, because a client that knew the topic keeps its metadata for a while. */
async function remake(): Promise<void> {
  const settings = testSettings(prefix);
  const there = async () => {
    const admin = createAdmin(settings);
    return admin.describeTopics([EVENTS]).finally(() => admin.close());
  };
  await deleteTopics(testStack().kafkaBrokers, `${prefix}${EVENTS}`);
  await until(async () => (await there()).length === 0, { what: 'the topic being gone' });
  const admin = createAdmin(settings);
  try {
    const events = topicCatalogue.filter(({ name }) => name === EVENTS);
    await applyTopics(admin, planTopics(events, [], { replicationFactor: 1 }));
  } finally {
    await admin.close();
  }
}

it('a log that ends before the group offset is read from its beginning, and nothing is sent twice', async () => {
  await start();
  await untilPosted(await world.produce(20));
  await notification!.stop();
  // If a log loses its newest records, the group offset is beyond its end.
  await world.admin.setGroupOffsets(GROUPS.notification, EVENTS, new Map([[0, 1_000n]]));
  receiver.received.length = 0;
  await start();
  const later = await world.produce(5);
  await untilPosted(later);
  expect(posted().sort()).toEqual(later.sort());
  expect(notification!.failure()).toBeNull();
  expect(await countOf(/notification_log_restarts_total\{[^}]*outOfRange[^}]*\} (\d+)/)).toBe(1);
});

it('truncated outcomes are counted as a gap, and those after them are sent', async () => {
  await start();
  await untilPosted(await world.produce(5));
  await notification!.stop();
  const lost = await world.produce(7);
  const { high } = (await world.admin.endOffsets(EVENTS)).get(0)!;
  await world.admin.deleteRecords(EVENTS, new Map([[0, high]]));
  await start();
  const later = await world.produce(3);
  await untilPosted(later);
  expect(posted().filter((id) => lost.includes(id))).toEqual([]);
  expect(notification!.failure()).toBeNull();
  expect(await countOf(/notification_events_total\{[^}]*gap[^}]*\} (\d+)/)).toBe(1);
});

it('a topic that is recreated meanwhile, and filled beyond its position, is read from its beginning', async () => {
  await start();
  await untilPosted(await world.produce(10));
  const [stored] = await until(
    async () => {
      const [rows] = await world.db.query<RowDataPacket[]>(
        'SELECT topic_id FROM notification_positions WHERE partition_id = 0 AND topic_id IS NOT NULL',
      );
      return rows.length > 0 ? rows : null;
    },
    { what: 'the id of the topic being stored', deadlineMs: 30_000 },
  );
  await remake();
  const later = await world.produce(60);
  await untilPosted(later);
  expect(notification!.failure()).toBeNull();
  await until(
    async () => {
      const [rows] = await world.db.query<RowDataPacket[]>(
        'SELECT topic_id FROM notification_positions WHERE partition_id = 0',
      );
      return rows[0]!['topic_id'] !== stored!['topic_id'];
    },
    { what: 'the new id being stored', deadlineMs: 30_000 },
  );
});

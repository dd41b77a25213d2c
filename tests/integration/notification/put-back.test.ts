/** A database that was put back, and a registry that was rebuilt, under notification: nobody misses what they are owed. */
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { EVENTS, GROUPS } from '../../../topics/index.ts';
import {
  openSubscriberWorld,
  type Started,
  type SubscriberWorld,
  startInProcess,
} from '../../support/records/subscribers.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-put-back');
const prefix = useTopicPrefix('notification-put-back');
let world: SubscriberWorld;
let db: Connection;
let receiver: Receiver;
let notification: Started;
let next = 0;

beforeAll(async () => {
  world = await openSubscriberWorld(prefix);
  db = await mysql.createConnection(database().url);
  receiver = await startReceiver();
  await db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('all', '*', ?, ?, 1, 1)`,
    [receiver.url, `whsec_${Buffer.alloc(24, 1).toString('base64')}`],
  );
  notification = await start();
});
afterAll(async () => {
  await notification?.stop();
  await receiver?.close();
  await world?.close();
  await db?.end();
});

function start(): Promise<Started> {
  const stack = testStack();
  const env = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    KAFKA_TOPIC_PREFIX: prefix,
    SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
    MYSQL_URL: database().url,
    WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
    INSTANCE_ID: 'n1',
  };
  return startInProcess(fields, env, startNotification);
}

/** So many outcomes of partition 0, one behind another; the ids of their events. */
async function produce(count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => eventOf(0, next++));
  await world.produceEvents(events);
  return events.map(({ eventId }) => eventId);
}

const timesPosted = (id: string): number =>
  receiver.received.filter(({ headers }) => headers['webhook-id'] === id).length;

async function posted(times: number, eventIds: readonly string[]): Promise<void> {
  await until(() => eventIds.every((id) => timesPosted(id) >= times), {
    what: 'the posts',
    deadlineMs: 30_000,
  }).catch((cause: unknown) => {
    expect(eventIds.map((id) => [id, timesPosted(id)])).toEqual(eventIds.map((id) => [id, times]));
    throw cause;
  });
  expect(notification.failure()).toBeNull();
}

/** The group is where these outcomes end. */
async function committed(): Promise<void> {
  await until(
    async () => (await world.admin.groupOffsets(GROUPS.notification, EVENTS)).get(0) === BigInt(next),
    { what: 'the offset of the group', deadlineMs: 20_000 },
  );
}

interface Backup {
  position: number;
  deliveryId: number;
}

async function takeBackup(): Promise<Backup> {
  const [positions] = await db.query<RowDataPacket[]>(
    'SELECT last_source_offset AS n FROM notification_positions WHERE partition_id = 0',
  );
  const [deliveries] = await db.query<RowDataPacket[]>(
    'SELECT MAX(delivery_id) AS n FROM notification_deliveries',
  );
  return { position: positions[0]!['n'], deliveryId: deliveries[0]!['n'] };
}

async function putBack({ position, deliveryId }: Backup): Promise<void> {
  await db.query('DELETE FROM notification_deliveries WHERE delivery_id > ?', [deliveryId]);
  await db.query('UPDATE notification_positions SET last_source_offset = ? WHERE partition_id = 0', [
    position,
  ]);
}

test.each([
  ['under a running instance', false],
  ['while none runs', true],
])(
  'a database that is put back %s: what it lost is sent again, in the order of the log',
  async (_when, isStopped) => {
    const kept = await produce(3);
    await posted(1, kept);
    const backup = await takeBackup();
    const lost = await produce(5);
    await posted(1, lost);
    await committed();
    if (isStopped) await notification.stop();
    await putBack(backup);
    if (isStopped) notification = await start();
    const later = await produce(2);
    await posted(1, later);
    await posted(2, lost);
    // What the backup has is sent no more.
    expect(kept.map(timesPosted)).toEqual([1, 1, 1]);
    expect(later.map(timesPosted)).toEqual([1, 1]);
    expect(await notification.metrics.text()).toMatch(/log_restarts_total\{[^}]*gap[^}]*\} 1/);
    expect(await notification.metrics.text()).not.toMatch(/notification_events_total\{[^}]*gap[^}]*\} [1-9]/);
    await committed();
  },
  90_000,
);

test('outcomes that a rebuilt registry gives another schema id are sent all the same', async () => {
  const event = eventOf(0, next++);
  const value = world.codecs.events.encode(event);
  value.writeUInt32BE(999_998, 1);
  await world.accumulator.sendBatch([
    {
      topic: EVENTS,
      partition: 0,
      key: Buffer.from(event.orderId!),
      value,
      headers: { ce_id: event.eventId },
      timestampMs: Date.now(),
    },
  ]);
  await posted(1, [event.eventId]);
  expect(await notification.metrics.text()).not.toMatch(/result="undecodable"[^}]*\} [1-9]/);
}, 60_000);

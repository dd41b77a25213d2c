/** After a restored database or a rebuilt registry, no customer of notification misses an event. */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { EVENTS, GROUPS } from '../../../topics/index.ts';
import {
  addEndpointForAll,
  type NotificationWorld,
  openNotificationWorld,
} from '../../support/records/notification-world.ts';
import type { Started } from '../../support/records/subscribers.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-put-back');
const prefix = useTopicPrefix('notification-put-back');
let world: NotificationWorld;
let receiver: Receiver;
let notification: Started;

beforeAll(async () => {
  world = await openNotificationWorld(prefix, database().url);
  receiver = await startReceiver();
  await addEndpointForAll(world.db, receiver.url);
  notification = await world.start();
});
afterAll(async () => {
  await notification?.stop();
  await receiver?.close();
  await world?.close();
});

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

/** The group offset is at the end of these outcomes. */
async function committed(): Promise<void> {
  await until(
    async () =>
      (await world.admin.groupOffsets(GROUPS.notification, EVENTS)).get(0) === BigInt(world.nextOffset),
    { what: 'the offset of the group', deadlineMs: 20_000 },
  );
}

interface Backup {
  position: number;
  deliveryId: number;
}

async function takeBackup(): Promise<Backup> {
  const [positions] = await world.db.query<RowDataPacket[]>(
    'SELECT last_source_offset AS n FROM notification_positions WHERE partition_id = 0',
  );
  const [deliveries] = await world.db.query<RowDataPacket[]>(
    'SELECT MAX(delivery_id) AS n FROM notification_deliveries',
  );
  return { position: positions[0]!['n'], deliveryId: deliveries[0]!['n'] };
}

async function putBack({ position, deliveryId }: Backup): Promise<void> {
  await world.db.query('DELETE FROM notification_deliveries WHERE delivery_id > ?', [deliveryId]);
  await world.db.query('UPDATE notification_positions SET last_source_offset = ? WHERE partition_id = 0', [
    position,
  ]);
}

test.each([
  ['with a running instance', false],
  ['while none runs', true],
])(
  'a database that is restored %s: lost deliveries are sent again, in log order',
  async (_when, isStopped) => {
    const kept = await world.produce(3);
    await posted(1, kept);
    const backup = await takeBackup();
    const lost = await world.produce(5);
    await posted(1, lost);
    await committed();
    if (isStopped) await notification.stop();
    await putBack(backup);
    if (isStopped) notification = await world.start();
    const later = await world.produce(2);
    await posted(1, later);
    await posted(2, lost);
    // Deliveries in the backup are not sent again.
    expect(kept.map(timesPosted)).toEqual([1, 1, 1]);
    expect(later.map(timesPosted)).toEqual([1, 1]);
    expect(await notification.metrics.text()).toMatch(/log_restarts_total\{[^}]*gap[^}]*\} 1/);
    expect(await notification.metrics.text()).not.toMatch(/notification_events_total\{[^}]*gap[^}]*\} [1-9]/);
    await committed();
  },
  90_000,
);

test('outcomes with another schema id after a registry rebuild are still sent', async () => {
  const event = world.nextEvent();
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

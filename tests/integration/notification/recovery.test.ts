/**
 * The path from the API to the webhook after damage to the outcome topic. At the end `orderstream verify`
 * finds nothing.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import { fields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { EVENTS, GROUPS, PARTITIONS } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-recovery');
const topicPrefix = useTopicPrefix('notification-recovery');
let world: ApiWorld;
let receiver: Receiver;
let client: OrderstreamClient;
let notification: Started;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  receiver = await startReceiver();
  await world.arena.startWorker();
  const api = await world.startApi({ WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' });
  client = world.clientOf(api, 'c1', ['orders:write', 'orders:read', 'webhooks:manage']);
  await client.POST('/v1/webhook-endpoints', { body: { url: receiver.url } });
  notification = await startSubscriber();
});
afterAll(async () => {
  await notification?.stop();
  await receiver?.close();
  await world?.close();
});

function startSubscriber(): Promise<Started> {
  const env = { ...world.env, INSTANCE_ID: 'n1', WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' };
  return startInProcess(fields, env, startNotification);
}

/** Places this many orders and waits for their outcomes. */
async function place(prefix: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const { data } = await client.POST('/v1/orders', {
      params: placeHeaders(`${prefix}-${n}`, 20),
      body: orderOf(),
    });
    ids.push(data!.id);
  }
  return ids;
}

const postsOf = (orderId: string): number =>
  receiver.received.filter(({ body }) => body.includes(orderId)).length;

async function allPosted(orderIds: readonly string[]): Promise<void> {
  await until(() => orderIds.every((id) => postsOf(id) > 0), { what: 'the posts', deadlineMs: 45_000 });
}

it('group offsets beyond the end of the log: every order is posted once, and verify finds nothing', async () => {
  const before = await place('before', 10);
  await allPosted(before);
  await notification.stop();
  const meanwhile = await place('meanwhile', 10);
  const beyond = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 1_000_000n]));
  await world.arena.admin.setGroupOffsets(GROUPS.notification, EVENTS, beyond);
  notification = await startSubscriber();
  const after = await place('after', 10);
  await allPosted([...meanwhile, ...after]);
  expect(notification.failure()).toBeNull();
  expect([...before, ...meanwhile, ...after].map(postsOf)).toEqual(Array(30).fill(1));
  await world.arena.quiesce();
  expect(complaints(await world.arena.verify())).toEqual([]);
});

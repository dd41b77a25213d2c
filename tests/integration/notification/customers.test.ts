import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { fields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import {
  type Received,
  type Receiver,
  startReceiver,
} from '../../../services/notification/testing/receiver.ts';
import { type MailSink, startMailSink } from '../../../stack/index.ts';
import { EVENTS, GROUPS, PARTITIONS } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';
import { pythonVerifier, type Signed } from '../../support/verifier/index.ts';

/** The whole path of an order on real servers, from the API's first response to the webhook and the mail. */
const database = useDatabase('notification-customers');
const topicPrefix = useTopicPrefix('notification-customers');
const scopes = ['orders:write', 'orders:read', 'webhooks:manage'];
const contact = { email: 'ada@example.org' };
let world: ApiWorld;
let receiver: Receiver;
let sink: MailSink;
let api: Pick<Ingestion, 'url'>;
let client: OrderstreamClient;
let notification: Started;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  receiver = await startReceiver();
  sink = await startMailSink();
  await world.arena.startWorker();
  api = await world.startApi({ WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' });
  client = world.clientOf(api, 'c1', scopes);
  notification = await startSubscriber();
});
afterAll(async () => {
  await notification?.stop();
  await sink?.close();
  await receiver?.close();
  await world?.close();
});

function startSubscriber(): Promise<Started> {
  const env = {
    ...world.env,
    INSTANCE_ID: 'n1',
    WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
    ENDPOINTS_REFRESH: '50ms',
    SMTP_URL: sink.url,
    SMTP_FROM: 'orders@shop.example',
  };
  return startInProcess(fields, env, startNotification);
}

/** Places an order and waits for its outcome. */
async function place(key: string, order = orderOf()): Promise<string> {
  const { data } = await client.POST('/v1/orders', { params: placeHeaders(key, 20), body: order });
  expect(data).toMatchObject({ version: 1 });
  return data!.id;
}

const postsOf = (orderId: string) => receiver.received.filter(({ body }) => body.includes(orderId));

async function postOf(orderId: string): Promise<Received> {
  return until(() => postsOf(orderId)[0], { what: `the post about ${orderId}` });
}

async function makeEndpoint() {
  const { data } = await client.POST('/v1/webhook-endpoints', {
    body: { url: receiver.url, eventTypes: ['order.accepted'] },
  });
  // The directory of notification is reloaded every 50 ms.
  await until(() => notification.metrics.text().then((text) => /notification_endpoints\S* 1/.test(text)), {
    what: 'notification seeing the endpoint',
  });
  return data!;
}

it('signs posts that the libraries of two languages accept, during a rotation with either secret', async (context) => {
  const { id, secret } = await makeEndpoint();
  const before = await postOf(await place('before'));
  const path = { params: { path: { id } } };
  const { data: rotated } = await client.POST('/v1/webhook-endpoints/{id}/rotate', { ...path, body: {} });
  const during = await until(
    async () => {
      const post = await postOf(await place(`during-${receiver.received.length}`));
      return post.headers['webhook-signature']!.split(' ').length === 2 ? post : null;
    },
    { what: 'a post with two signatures' },
  );
  const { data: final } = await client.POST('/v1/webhook-endpoints/{id}/rotate', {
    ...path,
    body: { overlapSeconds: 0 },
  });
  const after = await until(
    async () => {
      const post = await postOf(await place(`after-${receiver.received.length}`));
      return verdictsOf([{ ...post, secret: final!.secret }])[0] === 'ok' ? post : null;
    },
    { what: 'a post by the last secret' },
  );
  const messages: Signed[] = [
    { ...before, secret },
    { ...during, secret },
    { ...during, secret: rotated!.secret },
    { ...after, secret: final!.secret },
    { ...before, secret: rotated!.secret },
    { ...after, secret: rotated!.secret },
    { ...during, secret, body: during.body.replace('EUR', 'USD') },
  ];
  const expected = ['ok', 'ok', 'ok', 'ok', 'refused', 'refused', 'refused'];
  expect(verdictsOf(messages)).toEqual(expected);
  expect((await client.DELETE('/v1/webhook-endpoints/{id}', path)).response.status).toBe(204);
  const verify = await pythonVerifier();
  if (isMissing(verify)) return skipOrFail(context, verify);
  expect(verify(messages).map((verdict) => verdict.replace(/:.*/, ''))).toEqual(expected);
});

it('shows the state of a delivery, and redelivers by id and by time', async () => {
  const { id } = await makeEndpoint();
  const orderId = await place('again');
  const post = await postOf(orderId);
  const path = { params: { path: { id } } };
  const delivery = await until(
    async () => {
      const { data } = await client.GET('/v1/webhook-endpoints/{id}/deliveries', path);
      return data!.items.find((item) => item.orderId === orderId && item.status === 'DELIVERED');
    },
    { what: 'the delivery being told' },
  );
  expect(delivery).toMatchObject({ eventId: post.headers['webhook-id'], lastStatus: 200, attempts: 1 });
  const again = await client.POST('/v1/deliveries/{id}/redeliver', { params: { path: { id: delivery.id } } });
  expect(again.data).toMatchObject({ status: 'PENDING', attempts: 0 });
  await until(() => postsOf(orderId).length === 2, { what: 'the second post' });
  const day = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
  await until(
    async () => {
      const { data } = await client.POST('/v1/webhook-endpoints/{id}/redeliver', { ...path, body: day });
      return data?.count === 1;
    },
    { what: 'the time range being due, once nothing is under way' },
  );
  await until(() => postsOf(orderId).length >= 3, { what: 'the third post' });
  const ids = postsOf(orderId).map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids)).toEqual(new Set([delivery.eventId]));
  const other = world.clientOf(api, 'c2', scopes);
  expect((await other.GET('/v1/webhook-endpoints/{id}/deliveries', path)).error).toMatchObject({
    status: 404,
  });
  const { error } = await other.POST('/v1/deliveries/{id}/redeliver', {
    params: { path: { id: delivery.id } },
  });
  expect(error).toMatchObject({ status: 404, code: 'DELIVERY_NOT_FOUND' });
});

it('sends one mail for each state of an accepted order and none for a rejected one, also after a replay', async () => {
  const orderId = await place('mail', { ...orderOf(), contact });
  await client.POST('/v1/orders/{id}/cancel', {
    params: { path: { id: orderId }, header: { Prefer: 'wait=20' } },
    body: {},
  });
  await place('mail-rejected', { ...orderOf(1, 'GONE'), contact });
  await place('mail-none');
  await until(() => sink.mails.length === 2, { what: 'two mails' });

  await notification.stop();
  const beginning = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0n]));
  await world.arena.admin.setGroupOffsets(GROUPS.notification, EVENTS, beginning);
  notification = await startSubscriber();
  const lastId = await place('mail-last', { ...orderOf(), contact });
  await until(() => sink.mails.some((text) => text.includes(lastId.slice(0, 8))), {
    what: 'the mail after the replay',
  });

  const eventIds = await eventIdsOf([orderId, lastId]);
  expect(eventIds).toHaveLength(3);
  expect(
    sink.mails.map((text) => /^Message-ID: <([^.]+)\.\w+@shop\.example>/im.exec(text)?.[1]).sort(),
  ).toEqual(eventIds.sort());
  expect(
    sink.mails.map((text) => /^Subject: .*?(have|cancelled|not accept)/im.exec(text)?.[1]).sort(),
  ).toEqual(['cancelled', 'have', 'have']);
  for (const text of sink.mails) expect(text).toMatch(/^To: ada@example\.org/im);
});

function verdictsOf(messages: readonly Signed[]): string[] {
  return messages.map(({ secret, headers, body }) => {
    try {
      new Webhook(secret).verify(body, headers);
      return 'ok';
    } catch {
      // The verdict is enough; tests do not need the error.
      return 'refused';
    }
  });
}

/** The ids of the outcomes that changed these orders, read from the topic itself. */
async function eventIdsOf(orderIds: readonly string[]): Promise<string[]> {
  const events = await world.arena.readEvents();
  return [...events].flatMap(([eventId, [bytes]]) =>
    orderIds.includes(bytes!.subarray(0, 36).toString()) ? [eventId] : [],
  );
}

/**
 * The limits of the submit route on real servers. A caller over its rate gets 429, and orders get 503 when
 * outcomes lag.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderIdOf } from '../../../services/ingestion/application/submit/order-id.ts';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('limits');
const database = useDatabase('limits');
const burst = 500;
let world: ApiWorld;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
});
afterAll(() => world.close());

const place = (api: Pick<Ingestion, 'url'>, customerId: string) =>
  world.clientOf(api, customerId).POST('/v1/orders', { params: placeHeaders(unique('k')), body: orderOf() });

describe('over the rate', () => {
  test.each(['up', 'frozen'] as const)('429 for this caller alone, with Redis %s', async (redis) => {
    const limits = { RATE_ORDERS_PER_SECOND: '1', RATE_BURST_ORDERS: String(burst) };
    const api = await world.startApi({ ...limits, INSTANCE_ID: unique('api') });
    if (redis === 'frozen') world.redis.freeze();
    const greedy = unique('greedy');
    const orders = Array.from({ length: burst }, () => ({ idempotencyKey: unique('g'), order: orderOf() }));
    const all = await world.clientOf(api, greedy).POST('/v1/orders/batch', { body: { orders } });
    expect(all.data!.items.filter(({ status }) => status !== 202)).toEqual([]);
    const refused = await until(
      async () => {
        const answer = await place(api, greedy);
        return answer.error === undefined ? null : answer;
      },
      { what: 'a refusal', everyMs: 1 },
    );
    expect(refused.error).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    const fields = refused.response.headers;
    expect(Number(fields.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(fields.get('ratelimit-policy')).toMatch(/^"orders";q=500;w=500$/);
    expect(fields.get('ratelimit')).toMatch(/^"orders";r=0;t=\d+$/);
    expect((await place(api, unique('modest'))).response.status).toBe(202);
    world.redis.heal();
    await api.stop();
  });
});

test('a partition without outcomes refuses only its own orders, with a Retry-After', async () => {
  const worker = await world.arena.startWorker();
  await world.arena.quiesce();
  await worker.stop();
  const api = await world.startApi({ LAG_LIMIT_MS: '500', INSTANCE_ID: unique('api') });
  const [stuck, other] = [keyIn('c1', 0), keyIn('c1', 1)];
  const placeAs = (key: string) =>
    world.clientOf(api, 'c1').POST('/v1/orders', { params: placeHeaders(key), body: orderOf() });
  const before = await placeAs(stuck());
  expect(before.response.status).toBe(202);
  const refused = await until(
    async () => {
      const answer = await placeAs(stuck());
      return answer.error === undefined ? null : answer;
    },
    { what: 'a refusal', everyMs: 50 },
  );
  expect(refused.error).toMatchObject({ status: 503, code: 'OVERLOADED' });
  expect((await placeAs(other())).response.status).toBe(202);
  const headers = { authorization: `Bearer ${await world.token('c1')}` };
  const { statusUrl } = before.data as { statusUrl: string };
  const queue = await until(
    async () => {
      const state = (await (await fetch(api.url + statusUrl, { headers })).json()) as OrderBody;
      return state.queue?.stalledForMs === undefined ? null : state.queue;
    },
    { what: 'the API noticing that the lane is stalled', everyMs: 200 },
  );
  expect(queue.etaMs).toBeGreaterThanOrEqual(queue.stalledForMs);
  const again = await world.arena.startWorker();
  await until(async () => (await placeAs(stuck())).response.status === 202, {
    what: 'orders of the partition being accepted again',
    everyMs: 100,
  });
  await again.stop();
});

interface OrderBody {
  readonly queue?: { readonly etaMs: number; readonly stalledForMs: number };
}

/** Keys of a customer whose orders are all in one partition. */
function keyIn(customerId: string, partition: number): () => string {
  return () => {
    for (;;) {
      const key = unique('p');
      if (partitionOfOrder(orderIdOf(customerId, key)) === partition) return key;
    }
  };
}

test('when outcomes lag, orders are refused before their body is read, and reads are answered; it recovers', async () => {
  const worker = await world.arena.startWorker();
  await world.arena.quiesce();
  await worker.stop();
  const api = await world.startApi({ LAG_LIMIT_MS: '500', INSTANCE_ID: unique('api') });
  const before = await place(api, 'c1');
  expect(before.response.status).toBe(202);
  // The orders are in every partition. A partition that is behind refuses only its own orders, after their
  // bodies are read.
  const orders = Array.from({ length: 100 }, () => ({ idempotencyKey: unique('l'), order: orderOf() }));
  await world.clientOf(api, 'c1').POST('/v1/orders/batch', { body: { orders } });
  const refused = await until(
    async () => {
      const answer = await place(api, 'c1');
      return answer.error?.detail.startsWith('The request changed nothing') === true ? answer : null;
    },
    { what: 'a refusal of all orders', everyMs: 50 },
  );
  expect(refused.error).toMatchObject({ status: 503, code: 'OVERLOADED' });
  expect(Number(refused.response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await answerWithoutBody(api.url, await world.token('c1'))).toBe('HTTP/1.1 503');
  const headers = { authorization: `Bearer ${await world.token('c1')}` };
  const { statusUrl } = before.data as { statusUrl: string };
  const state = await (await fetch(api.url + statusUrl, { headers })).json();
  expect(state).toMatchObject({ status: 'QUEUED' });
  await world.arena.startWorker();
  await until(async () => (await place(api, 'c1')).response.status === 202, {
    what: 'orders being accepted again',
    everyMs: 100,
  });
});

/** The status line for an order whose body is announced and never sent. */
function answerWithoutBody(url: string, token: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', reject);
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('latin1').slice(0, 12));
    });
    socket.write(
      `POST /v1/orders HTTP/1.1\r\nHost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\nidempotency-key: k\r\ncontent-length: 100\r\n\r\n`,
    );
  });
}

/** The path of an order through the API on real servers, response by response. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DecidedOrder, OrderstreamClient } from '../../../cli/client/index.ts';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('submit');
const database = useDatabase('submit');
let world: ApiWorld;
let api: Ingestion;
let worker: Awaited<ReturnType<ApiWorld['arena']['startWorker']>>;
let client: OrderstreamClient;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  worker = await world.arena.startWorker();
  api = await world.startApi();
  client = world.clientOf(api, 'c1');
});
afterAll(() => world.close());

const place = (key: string, body = orderOf(), waitSeconds = 0) =>
  client.POST('/v1/orders', { params: placeHeaders(key, waitSeconds), body });

async function placed(key: string): Promise<string> {
  const { data } = await place(key, orderOf(), 10);
  expect(data).toMatchObject({ version: 1, status: 'PENDING_PAYMENT' });
  return data!.id;
}

const get = (id: string, header: Record<string, string> = {}) =>
  client.GET('/v1/orders/{id}', { params: { path: { id }, header } });

describe('one order', () => {
  test('202 with a statusUrl that leads to the outcome', async () => {
    const { data, response } = await place(unique('k'));
    expect(response.status).toBe(202);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    const { statusUrl } = data as { statusUrl: string };
    expect(response.headers.get('location')).toBe(statusUrl);
    const answer = await fetch(api.url + statusUrl, {
      headers: { authorization: `Bearer ${await world.token('c1')}`, prefer: 'wait=10' },
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      version: 1,
      status: 'PENDING_PAYMENT',
      customerId: 'c1',
      items: [{ sku: 'SKU-1', name: 'Product SKU-1', quantity: 1, unitPrice: 250, lineTotal: 250 }],
      totals: { subtotal: 250, total: 250 },
    });
    expect(answer.headers.get('etag')).toBe('"1"');
  });

  test('Prefer: wait returns the outcome, including a rejection with its reason', async () => {
    const { data, response } = await place(unique('k'), orderOf(1, 'NOT-THERE'), 10);
    expect(response.status).toBe(200);
    expect(response.headers.get('preference-applied')).toBe('wait=10');
    expect(data).toMatchObject({
      status: 'REJECTED',
      reason: { code: 'UNKNOWN_SKU', pointer: '/items/0/sku' },
    });
    expect(response.headers.get('retry-after')).toBeNull();
  });

  test('the response to a wait equals later reads, member by member', async () => {
    const waited = await place(unique('k'), orderOf(3), 10);
    expect(waited.data).toMatchObject({ status: 'PENDING_PAYMENT' });
    const read = await get(waited.data!.id);
    expect(read.data).toEqual(waited.data);
    expect(read.response.headers.get('etag')).toBe(waited.response.headers.get('etag'));
  });

  test('the same submission again returns the current order; another body is 422', async () => {
    const key = unique('k');
    const id = await placed(key);
    const again = await place(key);
    expect(again.response.status).toBe(200);
    expect(again.response.headers.get('idempotent-replayed')).toBe('true');
    expect(again.data).toMatchObject({ id, status: 'PENDING_PAYMENT' });
    expect((await place(key, orderOf(2))).error).toMatchObject({ status: 422, code: 'KEY_REUSED' });
  });

  test('200 parallel posts with one key: one id, one row, one outcome that is not a duplicate', async () => {
    const key = unique('k');
    const answers = await Promise.all(Array.from({ length: 200 }, () => place(key)));
    const ids = new Set(answers.map(({ data }) => data?.id));
    expect([...ids]).toEqual([expect.any(String)]);
    await get([...ids][0]!, { Prefer: 'wait=10' });
    await world.arena.quiesce();
    const rows = await world.arena.mysql.pool.rows('SELECT order_key FROM orders WHERE idempotency_key = ?', [
      key,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('another customer cannot see it', async () => {
    const id = await placed(unique('k'));
    const other = world.clientOf(api, 'c2');
    const address = { params: { path: { id } } };
    expect((await other.GET('/v1/orders/{id}', address)).error).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
    expect((await other.GET('/v1/orders/{id}/history', address)).response.status).toBe(404);
    expect((await other.POST('/v1/orders/{id}/cancel', { ...address, body: {} })).response.status).toBe(404);
    expect(
      (await other.GET('/v1/orders/{id}/events', { ...address, parseAs: 'stream' })).response.status,
    ).toBe(404);
    const list = await other.GET('/v1/orders', {});
    expect(list.data!.items).toEqual([]);
  });
});

describe('changes', () => {
  test('a cancel is processed, reaches waiting clients, and is in the history', async () => {
    const id = await placed(unique('k'));
    const waiting = get(id, { 'If-None-Match': '"1"', Prefer: 'wait=10' });
    const params = { path: { id }, header: { Prefer: 'wait=10' } };
    const cancelled = await client.POST('/v1/orders/{id}/cancel', {
      params,
      body: { reason: 'changed my mind' },
    });
    expect(cancelled.response.status).toBe(200);
    expect(cancelled.data).toMatchObject({ version: 2, status: 'CANCELLED' });
    expect((await waiting).data).toMatchObject({ version: 2, status: 'CANCELLED' });
    const history = await client.GET('/v1/orders/{id}/history', { params: { path: { id } } });
    expect(history.data!.items.map(({ version, status, command }) => [version, status, command])).toEqual([
      [1, 'PENDING_PAYMENT', 'PLACE'],
      [2, 'CANCELLED', 'CANCEL'],
    ]);
    const stale = await client.POST('/v1/orders/{id}/cancel', {
      params: { path: { id }, header: { 'If-Match': '"1"' } },
      body: {},
    });
    expect(stale.error).toMatchObject({ status: 412, code: 'VERSION_STALE' });
  });

  test('a cancel right after its order needs the ticket', async () => {
    const { data } = await place(unique('k'));
    const { id, statusUrl } = data as { id: string; statusUrl: string };
    const ticket = new URLSearchParams(statusUrl.split('?')[1]).get('t')!;
    const { response } = await client.POST('/v1/orders/{id}/cancel', {
      params: { path: { id }, query: { t: ticket } },
      body: {},
    });
    expect(response.status).toBe(202);
    await world.arena.quiesce();
    expect((await get(id)).data).toMatchObject({ version: 2, status: 'CANCELLED' });
  });

  test('If-None-Match: 304 at once, and at the end of a wait', async () => {
    const id = await placed(unique('k'));
    expect((await get(id, { 'If-None-Match': '"1"' })).response.status).toBe(304);
    const startedMs = performance.now();
    const held = await get(id, { 'If-None-Match': '"1"', Prefer: 'wait=1' });
    expect(held.response.status).toBe(304);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect((await get(id, { 'If-None-Match': '"9"' })).response.status).toBe(200);
  });

  test('the stream sends each version and ends with the final one', async () => {
    const id = await placed(unique('k'));
    const authorization = `Bearer ${await world.token('c1')}`;
    const stream = await fetch(`${api.url}/v1/orders/${id}/events`, { headers: { authorization } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const text = stream.text();
    await client.POST('/v1/orders/{id}/cancel', { params: { path: { id } }, body: {} });
    const events = (await text).split('\n\n').filter((event) => event.includes('event: order'));
    expect(events.map((event) => /id: (\d+)/.exec(event)?.[1])).toEqual(['1', '2']);
    expect(events.at(-1)).toContain('"status":"CANCELLED"');
    const resumed = await fetch(`${api.url}/v1/orders/${id}/events`, {
      headers: { authorization, 'last-event-id': '2' },
    });
    expect(resumed.status).toBe(204);
  });
});

describe('many orders', () => {
  test('a batch: one result per order, in order; a bad one affects no other', async () => {
    const keys = [unique('b'), unique('b'), unique('b')];
    const orders = [
      { idempotencyKey: keys[0]!, order: orderOf() },
      { idempotencyKey: keys[1]!, order: { ...orderOf(), currency: 'euro' } },
      { idempotencyKey: keys[2]!, order: orderOf(3) },
      { idempotencyKey: keys[0]!, order: orderOf(2) },
    ];
    const { data, response } = await client.POST('/v1/orders/batch', { body: { orders } });
    expect(response.status).toBe(200);
    expect(data!.items.map(({ index, status }) => [index, status])).toEqual([
      [0, 202],
      [1, 400],
      [2, 202],
      [3, 422],
    ]);
    expect(data!.items[1]!.problem).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ pointer: '/orders/1/order/currency' })]),
    });
    await world.arena.quiesce();
    expect((await get(data!.items[2]!.id!)).data).toMatchObject({ totals: { total: 750 } });
  });

  test('the list pages through every order once, newest first', async () => {
    // Cached keys in the shared Redis outlive a test run, so no key may be used twice.
    const lister = world.clientOf(api, unique('lister'));
    const orders = Array.from({ length: 25 }, (_, n) => ({ idempotencyKey: `l${n}`, order: orderOf(n + 1) }));
    const batch = await lister.POST('/v1/orders/batch', { body: { orders } });
    await world.arena.quiesce();
    const seen: string[] = [];
    const times: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { data } = await lister.GET('/v1/orders', { params: { query: { limit: 10, cursor } } });
      seen.push(...data!.items.map(({ id }) => id));
      times.push(...data!.items.map((order) => (order as DecidedOrder).createdAt));
      cursor = data!.nextCursor;
      if (cursor === undefined) break;
    }
    expect(seen.toSorted()).toEqual(batch.data!.items.map(({ id }) => id!).toSorted());
    expect(times).toEqual(times.toSorted().reverse());
    const none = await lister.GET('/v1/orders', { params: { query: { status: 'CANCELLED' } } });
    expect(none.data).toEqual({ items: [] });
    const foreign = await client.GET('/v1/orders', { params: { query: { cursor: 'AAAA' } } });
    expect(foreign.response.status).toBe(400);
  });

  test('a quote prices without placing', async () => {
    const { data } = await client.POST('/v1/orders/quote', { body: orderOf(4) });
    expect(data).toMatchObject({
      currency: 'EUR',
      totals: { total: 1_000 },
      items: [{ name: 'Product SKU-1' }],
    });
    const unknown = await client.POST('/v1/orders/quote', { body: orderOf(1, 'NOT-THERE') });
    expect(unknown.data).toMatchObject({ reason: { code: 'UNKNOWN_SKU' } });
  });
});

describe('without the worker', () => {
  test('the ticket shows the state and the position without Redis and MySQL', async () => {
    await worker.stop();
    const orders = Array.from({ length: 60 }, (_, n) => ({
      idempotencyKey: unique(`q${n}-`),
      order: orderOf(),
    }));
    const { data } = await client.POST('/v1/orders/batch', { body: { orders } });
    const cold = await world.startApi({
      REDIS_URL: 'redis://127.0.0.1:1',
      MYSQL_URL: 'mysql://nobody:nobody@127.0.0.1:1/nothing',
      INSTANCE_ID: 'cold',
    });
    const headers = { authorization: `Bearer ${await world.token('c1')}` };
    const states = await Promise.all(
      data!.items.map(async ({ statusUrl }) => {
        const answer = await fetch(cold.url + statusUrl, { headers });
        return (await answer.json()) as { status: string; queue: { ahead: number; etaMs: number } };
      }),
    );
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['QUEUED']));
    expect(states.some(({ queue }) => queue.ahead > 0 && queue.etaMs > 0)).toBe(true);
    const other = { authorization: `Bearer ${await world.token('c2')}` };
    expect((await fetch(cold.url + data!.items[0]!.statusUrl, { headers: other })).status).toBe(503);
    await cold.stop();
    await world.arena.startWorker();
    await world.arena.quiesce();
    expect((await get(data!.items.at(-1)!.id!)).data).toMatchObject({
      version: 1,
      status: 'PENDING_PAYMENT',
    });
  });
});

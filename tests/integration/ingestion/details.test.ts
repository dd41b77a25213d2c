/** Only its customer gets the details of an order. They are in no cache, no event and no other response. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DecidedOrder, OrderRequest, OrderstreamClient } from '../../../cli/client/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { plantedPerson } from '../../support/records/planted.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('ingestion-details');
const topicPrefix = useTopicPrefix('ingestion-details');
let world: ApiWorld;
let owner: OrderstreamClient;
let stranger: OrderstreamClient;
const ids: string[] = [];
const sent: OrderRequest = {
  ...orderOf(2),
  contact: { email: plantedPerson.email },
  metadata: { reference: 'PO-17', note: `for ${plantedPerson.name}` },
};

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  await world.arena.startWorker();
  const api = await world.startApi();
  owner = world.clientOf(api, 'c1');
  stranger = world.clientOf(api, 'c2');
  for (const key of ['first', 'second', 'third']) {
    const { data } = await owner.POST('/v1/orders', { params: placeHeaders(key, 20), body: sent });
    ids.push(data!.id);
  }
});
afterAll(() => world?.close());

const details = { query: { include: 'details' } } as const;
const shown = { shippingAddress: sent.shippingAddress, contact: sent.contact, metadata: sent.metadata };

it('an order shows its owner the details on request', async () => {
  const path = { id: ids[0]! };
  // The test asks twice, because the second response comes from a cached state.
  for (const _time of [1, 2]) {
    const { data, response } = await owner.GET('/v1/orders/{id}', { params: { path, ...details } });
    expect(data).toMatchObject({ id: ids[0], idempotencyKey: 'first', ...shown });
    expect(response.headers.get('cache-control')).toBe('no-store');
  }
  const plain = await owner.GET('/v1/orders/{id}', { params: { path } });
  for (const name of ['idempotencyKey', ...Object.keys(shown)]) expect(plain.data).not.toHaveProperty(name);
  const other = await stranger.GET('/v1/orders/{id}', { params: { path, ...details } });
  expect(other.response.status).toBe(404);
});

it('the list shows it too, and finds orders by key and by time', async () => {
  const list = async (query: object) => {
    const { data } = await owner.GET('/v1/orders', { params: { query } });
    return { ...data!, items: data!.items as DecidedOrder[] };
  };
  const all = await list({ include: 'details' });
  expect(all.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['third', 'second', 'first']);
  for (const item of all.items) expect(item).toMatchObject(shown);
  expect((await list({ idempotencyKey: 'second' })).items.map(({ id }) => id)).toEqual([ids[1]]);
  expect((await list({ idempotencyKey: 'fourth' })).items).toEqual([]);
  const [third, second, first] = all.items.map(({ createdAt }) => createdAt);
  expect(third! >= second! && second! >= first!).toBe(true);
  const since = await list({ createdFrom: second });
  expect(since.items.every(({ createdAt }) => createdAt >= second!)).toBe(true);
  const before = await list({ createdTo: second });
  expect(before.items.every(({ createdAt }) => createdAt < second!)).toBe(true);
  expect(since.items.length + before.items.length).toBe(3);
  // A page's cursor belongs to its filter.
  const page = await list({ createdFrom: first, limit: 2 });
  const rest = await list({ createdFrom: first, limit: 2, cursor: page.nextCursor });
  expect(rest.items.map(({ id }) => id)).toEqual([ids[0]]);
  const wrong = await owner.GET('/v1/orders', { params: { query: { cursor: page.nextCursor } } });
  expect(wrong.error).toMatchObject({ code: 'CURSOR_UNKNOWN' });
  const strangers = await stranger.GET('/v1/orders', { params: { query: { idempotencyKey: 'second' } } });
  expect(strangers.data?.items).toEqual([]);
});

it('an invalid time, key or word is refused with the name of the parameter', async () => {
  const query = { createdFrom: 'yesterday', createdTo: '2026-01-01', idempotencyKey: 'ä', include: 'all' };
  const { error } = await owner.GET('/v1/orders', { params: { query: query as never } });
  expect(error).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  const named = error!.errors.map(({ parameter }) => parameter);
  expect(named.toSorted()).toEqual(['createdFrom', 'createdTo', 'idempotencyKey', 'include']);
});

it('no cache and no event contains any of it', async () => {
  const redis = new Redis(testStack().redisUrl);
  try {
    const keyOf = `*${ids[0]}*`;
    const keys = await until(() => redis.keys(keyOf).then((found) => (found.length > 0 ? found : null)), {
      what: 'the order is cached',
    });
    const bodies = await Promise.all(keys.map((key) => redis.hgetall(key).catch(() => redis.get(key))));
    expect(JSON.stringify(bodies)).toContain('PENDING_PAYMENT');
    expect(JSON.stringify(bodies)).not.toMatch(/planted|PO-17|"first"/i);
  } finally {
    redis.disconnect();
  }
  const events = [...(await world.arena.readEvents()).values()].flat();
  expect(events.length).toBeGreaterThanOrEqual(3);
  for (const bytes of events) expect(bytes.toString('latin1')).not.toMatch(/planted|PO-17/i);
});

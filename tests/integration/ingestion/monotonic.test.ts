/**
 * A client that polls two instances in turn never sees an order go back. Meanwhile workers are killed and the
 * cache is flushed.
 */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { type ApiWorld, openApiWorld, orderOf } from '../../support/api/api-world.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('monotonic');
const database = useDatabase('monotonic');
const rounds = 3;
const ordersARound = 20;
let world: ApiWorld;
let apis: Ingestion[];
let headers: { authorization: string };

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  apis = [await world.startApi(), await world.startApi({ INSTANCE_ID: 'other' })];
  headers = { authorization: `Bearer ${await world.token('c1')}` };
});
afterAll(() => world.close());

interface Seen {
  readonly version: number;
  readonly status: string;
}

/** Polls without a pause until the order is cancelled, and keeps each change. */
async function poll(url: string, seen: Seen[]): Promise<void> {
  for (let n = 0; seen.at(-1)?.status !== 'CANCELLED'; n++) {
    const answer = await fetch(apis[n % apis.length]!.url + url, { headers });
    const body = (await answer.json()) as Seen;
    // An unavailable store gives an error, which is no state of the order.
    if (answer.status === 503) continue;
    expect(answer.status, JSON.stringify(body)).toBe(200);
    const { version, status } = body;
    const last = seen.at(-1);
    if (last?.version !== version || last.status !== status) seen.push({ version, status });
  }
}

test('version and status never go back', async () => {
  let workers = [await world.arena.startWorker(), await world.arena.startWorker()];
  for (let round = 0; round < rounds; round++) {
    const client = world.clientOf(apis[0]!, 'c1');
    const orders = Array.from({ length: ordersARound }, () => ({
      idempotencyKey: unique('m'),
      order: orderOf(),
    }));
    const placed = (await client.POST('/v1/orders/batch', { body: { orders } })).data!.items;
    const seen = placed.map((): Seen[] => []);
    const polls = Promise.all(placed.map(({ statusUrl }, index) => poll(statusUrl!, seen[index]!)));
    const killed = workers[round % 2]!.kill();
    await flush();
    await Promise.all(
      placed.map(({ id, statusUrl }) => {
        const t = new URL(statusUrl!, 'http://localhost').searchParams.get('t')!;
        const params = { path: { id: id! }, query: { t }, header: { Prefer: 'wait=1' } };
        return client.POST('/v1/orders/{id}/cancel', { params, body: {} });
      }),
    );
    await killed;
    workers = workers.with(round % 2, await world.arena.startWorker());
    await flush();
    await polls;
    for (const states of seen) {
      const versions = states.map(({ version }) => version);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size, JSON.stringify(states)).toBe(versions.length);
    }
  }
}, 180_000);

/** All keys of this test's topics; other tests share the server. */
async function flush(): Promise<void> {
  const redis = new Redis(testStack().redisUrl);
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.del(keys);
  await redis.quit();
}

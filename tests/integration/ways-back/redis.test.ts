/**
 * Redis hangs. The worker and the API bypass it, report this in metrics and logs, and continue. They use it
 * again by themselves, and write the changes that the cache missed.
 */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import { orderStatusKey } from '../../../services/shared/redis/index.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ways-back-redis');
const database = useDatabase('ways-back-redis');
const backWithinMs = 30_000;
/** This is more than the failures in a row that open a circuit. */
const orders = 8;
let world: ApiWorld;
let worker: WorkerProcess;
let api: ApiProcess;
let client: OrderstreamClient;
let redis: Redis;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  redis = new Redis(testStack().redisUrl);
  worker = await world.arena.startWorker({ REDIS_URL: world.env['REDIS_URL']! });
  api = await spawnApi(world.env);
  client = world.clientOf(api, 'c1');
});
afterAll(async () => {
  world?.redis.heal();
  await api?.end('SIGTERM');
  await worker?.stop();
  redis?.disconnect();
  await world?.close();
});

const [opened, closed] = ['"circuit":"open"', '"circuit":"closed"'];

async function callsOfApi(result: string): Promise<number> {
  const text = await (await fetch(`${api.adminUrl}/metrics`)).text();
  return Number(
    new RegExp(`redis_calls_total\\{[^}]*result="${result}"[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0,
  );
}

const read = (id: string) => client.GET('/v1/orders/{id}', { params: { path: { id } } });

async function cancel(id: string): Promise<void> {
  const params = { path: { id }, header: { 'Idempotency-Key': `cancel-${id}`, Prefer: 'wait=20' } };
  const { data, response } = await client.POST('/v1/orders/{id}/cancel', { params, body: {} } as never);
  expect([response.status, data]).toMatchObject([200, { status: 'CANCELLED', version: 2 }]);
}

async function versionsInRedis(ids: readonly string[]): Promise<(string | null)[]> {
  return Promise.all(ids.map((id) => redis.hget(`${prefix}${orderStatusKey(id)}`, 'v')));
}

test('is bypassed, reported and used again, and keeps no older state', async () => {
  const ids: string[] = [];
  for (let n = 0; n < orders; n++) {
    const placed = await client.POST('/v1/orders', { params: placeHeaders(`k${n}`, 20), body: orderOf() });
    ids.push(placed.data!.id);
  }
  const all = (version: string) => async () => (await versionsInRedis(ids)).every((each) => each === version);
  await until(all('1'), { what: 'the orders in Redis' });

  world.redis.freeze();
  for (const id of ids) await cancel(id);
  for (const id of ids) expect((await read(id)).data).toMatchObject({ status: 'CANCELLED', version: 2 });
  await worker.logged(({ circuit }) => circuit === 'open', 'the worker bypassing Redis');
  await until(() => api.lines.some((line) => line.includes(opened)), { what: 'the API bypassing Redis' });
  await until(async () => (await worker.metric('worker_statuses_unwritten')) === orders, {
    what: 'the metric of changes that Redis does not have',
  });
  expect(await callsOfApi('skipped')).toBeGreaterThan(0);
  expect(await versionsInRedis(ids)).toEqual(ids.map(() => '1'));

  world.redis.heal();
  const usedBefore = await callsOfApi('ok');
  await until(all('2'), { what: 'the changes in Redis', deadlineMs: backWithinMs });
  await until(async () => (await worker.metric('worker_statuses_unwritten')) === 0, {
    what: 'no change left that Redis does not have',
    deadlineMs: backWithinMs,
  });
  await worker.logged(({ circuit }) => circuit === 'closed', 'the worker using Redis again', backWithinMs);
  await until(
    async () => {
      expect((await read(ids[0]!)).data).toMatchObject({ version: 2 });
      return (await callsOfApi('ok')) > usedBefore && api.lines.some((line) => line.includes(closed));
    },
    { what: 'the API using Redis again', deadlineMs: backWithinMs },
  );
}, 120_000);

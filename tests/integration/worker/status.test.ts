/** Redis never shows an older state than the row for long, even if the deciding worker crashed. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderStatusKey } from '../../../services/shared/redis/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import {
  cancelCommand,
  createProducer,
  newOrderOf,
  type Producer,
  placeCommand,
} from '../../support/arena/load.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('status');
const database = useDatabase('status');
const sku = 'SKU-1';

let arena: Arena;
let producer: Producer;
let redis: Redis;

beforeAll(async () => {
  const stock = new Map([[sku, 1_000]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  redis = new Redis(testStack().redisUrl);
});

afterAll(async () => {
  await redis.quit();
  await producer.close();
  await arena.close();
});

async function versionIs(orderId: string, version: number): Promise<void> {
  const key = `${prefix}${orderStatusKey(orderId)}`;
  await until(async () => Number(await redis.hget(key, 'v')) === version, {
    what: `version ${version} in Redis`,
  });
}

/** Orders on several lanes that Redis shows as placed. */
async function placed(): Promise<string[]> {
  const orders = [0, 4, 8].map(newOrderOf);
  const worker = await arena.startWorker();
  for (const orderId of orders) await producer.send(placeCommand(orderId, [sku]));
  for (const orderId of orders) await versionIs(orderId, 1);
  expect((await worker.stop()).code).toBe(0);
  return orders;
}

test.each(['commitAcked', 'publishAcked'])(
  'the next owner writes a change when its worker dies at %s',
  async (point) => {
    const orders = await placed();
    const victim = await arena.startWorker({ FAILPOINTS: `${point}=kill` });
    for (const orderId of orders) await producer.send(cancelCommand(orderId));
    await until(() => !victim.running, { what: 'the death of the worker' });
    const successor = await arena.startWorker();
    await arena.quiesce();
    for (const orderId of orders) await versionIs(orderId, 2);
    expect((await successor.stop()).code).toBe(0);
  },
  90_000,
);

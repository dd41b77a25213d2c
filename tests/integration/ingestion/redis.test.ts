/** Redis down, frozen or flushed changes the speed of a response, never its contents. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('idem');
const database = useDatabase('idem');
let world: ApiWorld;
let first: Ingestion;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  await world.arena.startWorker();
  first = await world.startApi();
});
afterAll(() => world.close());

async function place(api: Pick<Ingestion, 'url'>, key: string, quantity = 1, waitSeconds = 0) {
  const client = world.clientOf(api, 'c1');
  return client.POST('/v1/orders', { params: placeHeaders(key, waitSeconds), body: orderOf(quantity) });
}

/** The guarantees for clients. The instance that checks them has no cache of its own. */
async function expectTheTruth(key: string, id: string): Promise<void> {
  const fresh = await world.startApi({ INSTANCE_ID: unique('api') });
  try {
    const again = await place(fresh, key);
    expect(again.data).toMatchObject({ id, version: 1, status: 'PENDING_PAYMENT' });
    expect(again.response.status).toBe(200);
    expect(again.response.headers.get('idempotent-replayed')).toBe('true');
    expect((await place(fresh, key, 2)).error).toMatchObject({ status: 422, code: 'KEY_REUSED' });
    const read = await world.clientOf(fresh, 'c1').GET('/v1/orders/{id}', { params: { path: { id } } });
    expect(read.data).toMatchObject({ id, version: 1 });
    expect((await place(fresh, unique('k'), 1, 20)).data).toMatchObject({
      version: 1,
      status: 'PENDING_PAYMENT',
    });
  } finally {
    await fresh.stop();
  }
}

describe('the same answers', () => {
  test.each(['up', 'flushed', 'frozen', 'down'] as const)('with Redis %s', async (fault) => {
    const key = unique('k');
    const { data } = await place(first, key, 1, 20);
    expect(data).toMatchObject({ version: 1 });
    if (fault === 'flushed') await forget(data!.id);
    if (fault === 'frozen') world.redis.freeze();
    if (fault === 'down') await world.redis.close();
    await expectTheTruth(key, data!.id);
    await expectOneOrder();
    if (fault === 'frozen') world.redis.heal();
  });
});

/**
 * Sends two hundred concurrent posts with one key to two instances. They give one id, one row, and one
 * outcome that is not a repeat.
 */
async function expectOneOrder(): Promise<void> {
  const key = unique('one');
  const other = await world.startApi({ INSTANCE_ID: unique('api') });
  try {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        place(n % 2 === 0 ? first : other, key, 1, n % 10 === 0 ? 20 : 0),
      ),
    );
    const ids = new Set(answers.map(({ data, error }) => data?.id ?? JSON.stringify(error)));
    expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const [id] = ids;
    await world.arena.quiesce();
    const rows = await world.arena.mysql.pool.rows('SELECT order_key FROM orders WHERE idempotency_key = ?', [
      key,
    ]);
    expect(rows).toHaveLength(1);
    expect(await outcomesOf(id!)).toEqual(['order.accepted']);
  } finally {
    await other.stop();
  }
}

/** The types of an order's outcomes, without repeated commands. */
async function outcomesOf(orderId: string): Promise<string[]> {
  const events = await world.arena.readEvents();
  const texts = [...events.values()].map(([copy]) => copy!.toString('latin1'));
  const types = texts.filter((text) => text.startsWith(orderId)).map((text) => typeOf(text));
  return types.filter((type) => type !== 'command.duplicate');
}

/** The header `ce_type`, stored after key and value as JSON of its bytes. */
function typeOf(text: string): string {
  const bytes = /"ce_type":\{"type":"Buffer","data":\[([\d,]+)\]/.exec(text)?.[1] ?? '';
  return Buffer.from(bytes.split(',').map(Number)).toString();
}

/** Flushes the keys of this order; other tests share the server. */
async function forget(orderId: string): Promise<void> {
  const redis = new Redis(testStack().redisUrl);
  const keys = await redis.keys(`*${orderId}*`);
  expect(keys.length).toBeGreaterThan(0);
  await redis.del(keys);
  await redis.quit();
}

import { describe, expect, test } from 'vitest';
import { partitionOfOrder } from '../../../../topics/index.ts';
import type { RedisClient } from '../../../shared/redis/index.ts';
import { createIdempotencyCache } from './idempotency-cache.ts';

/** The part of Redis that the cache uses; `answer` replaces its responses. */
function fakeRedis() {
  const values = new Map<string, string>();
  const state: { answer?: unknown; failures: number } = { failures: 0 };
  const client = {
    mget: async (keys: string[]) =>
      'answer' in state ? state.answer : keys.map((key) => values.get(key) ?? null),
    eval: async (_lua: string, count: number, ...rest: string[]) => {
      for (let i = 0; i < count; i++) values.set(rest[i]!, rest[count + 1 + i]!);
    },
  } as unknown as RedisClient;
  const redis = {
    run: <T, F>(fn: (client: RedisClient) => Promise<T>, fallback: F): Promise<T | F> =>
      fn(client).catch(() => {
        state.failures++;
        return fallback;
      }),
  };
  return { redis, values, state };
}

const orderId = '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11';
const partition = partitionOfOrder(orderId);
const placed = { fingerprint: 'f'.repeat(43), position: { partition, offset: 42 }, epoch: 7 };
const trustIn = (epoch: number | null) => ({ holds: (_position: unknown, of: number) => of === epoch });

describe('an entry', () => {
  test('is found again in its own log only', async () => {
    const { redis, values } = fakeRedis();
    const marks = createIdempotencyCache({ redis, logId: 'first', trust: trustIn(7) });
    marks.set(orderId, placed);
    await expect.poll(() => values.size).toBe(1);
    expect(await marks.find(['unknown', orderId])).toEqual([null, placed]);
    const elsewhere = createIdempotencyCache({ redis, logId: 'second', trust: trustIn(7) });
    expect(await elsewhere.find([orderId])).toEqual([null]);
  });

  test.each([8, null])('is ignored once its partition has the leader epoch %s', async (epoch) => {
    const { redis, values } = fakeRedis();
    createIdempotencyCache({ redis, logId: 'log', trust: trustIn(7) }).set(orderId, placed);
    await expect.poll(() => values.size).toBe(1);
    expect(
      await createIdempotencyCache({ redis, logId: 'log', trust: trustIn(epoch) }).find([orderId]),
    ).toEqual([null]);
  });

  test('is not created for an order from the database, or for an unknown epoch', async () => {
    const { redis, values } = fakeRedis();
    const marks = createIdempotencyCache({ redis, logId: 'log', trust: trustIn(7) });
    marks.set('other', { ...placed, epoch: null });
    marks.set(orderId, placed);
    await expect.poll(() => values.size).toBe(1);
    expect([...values.keys()][0]).toContain(orderId);
  });

  test.each([
    ['no text', 7],
    ['an empty one', ''],
    ['another form', 'abc'],
    ['the form of an older version', `${partition}.42.${'f'.repeat(43)}`],
    ['another partition', `${(partition + 1) % 12}.42.7.${'f'.repeat(43)}`],
    ['an offset that is no exact number', `${partition}.9999999999999999.7.${'f'.repeat(43)}`],
  ])('is ignored if its value is %s', async (_what, value) => {
    const { redis, state } = fakeRedis();
    state.answer = [value];
    const marks = createIdempotencyCache({ redis, logId: 'log', trust: trustIn(7) });
    expect(await marks.find([orderId])).toEqual([null]);
  });

  test.each([
    ['nothing', null],
    ['text', 'x'],
    ['too few values', []],
    ['too many', [null, null]],
  ])('is ignored if Redis returns %s, which counts as a failure of Redis', async (_what, answer) => {
    const { redis, state } = fakeRedis();
    state.answer = answer;
    const marks = createIdempotencyCache({ redis, logId: 'log', trust: trustIn(7) });
    expect(await marks.find([orderId])).toEqual([null]);
    expect(state.failures).toBe(1);
  });
});

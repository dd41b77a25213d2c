import { expect, test } from 'vitest';
import type { RedisClient } from '../shared/redis/index.ts';
import { createMarks } from './marks.ts';

/** Redis as far as marks use it. */
function fakeRedis() {
  const values = new Map<string, string>();
  const client = {
    mget: async (keys: string[]) => keys.map((key) => values.get(key) ?? null),
    eval: async (_lua: string, count: number, ...rest: string[]) => {
      for (let i = 0; i < count; i++) values.set(rest[i]!, rest[count + 1 + i]!);
    },
  } as unknown as RedisClient;
  const redis = {
    run: <T, F>(fn: (client: RedisClient) => Promise<T>, _fallback: F): Promise<T | F> => fn(client),
  };
  return { redis, values };
}

const placed = { fingerprint: 'f'.repeat(43), position: { partition: 3, offset: 42 } };

test('a mark is found again in its own log only', async () => {
  const { redis, values } = fakeRedis();
  const marks = createMarks({ redis, logId: 'first' });
  marks.set('order', placed);
  await expect.poll(() => values.size).toBe(1);
  expect(await marks.find(['unknown', 'order'])).toEqual([null, placed]);
  expect(await createMarks({ redis, logId: 'second' }).find(['order'])).toEqual([null]);
});

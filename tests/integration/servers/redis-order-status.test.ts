import { Redis as Client } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createOrderStatuses, createRedis, type Redis } from '../../../services/shared/redis/index.ts';
import { testStack, unique, until } from '../../support/servers/stack.ts';

const log = createLogger({ service: 'tests', level: 'silent', instanceId: 'tests' });
const keyPrefix = `${unique('status')}.`;
let redis: Redis;
let plain: Client;

beforeAll(async () => {
  redis = createRedis({ url: testStack().redisUrl, keyPrefix, log, commandTimeoutMs: 2_000 });
  plain = new Client(testStack().redisUrl);
  await until(() => redis.status() === 'ready', { what: 'Redis' });
});

afterAll(async () => {
  await redis.close();
  await plain.quit();
});

test('versions only grow, and an empty body is filled at its own version', async () => {
  const statuses = createOrderStatuses({ redis });
  const write = (version: number, body: string) => statuses.write([{ orderId: 'a', version, body }]);
  expect(await statuses.body('a')).toBeNull();
  await write(2, '');
  await write(1, 'old');
  expect(await statuses.body('a')).toBe('');
  await write(2, 'two');
  await write(2, 'other');
  await write(2, '');
  expect(await statuses.body('a')).toBe('two');
  await write(3, '');
  expect(await statuses.body('a')).toBe('');
});

test('every key of an installation has its prefix', async () => {
  const statuses = createOrderStatuses({ redis });
  await statuses.write(['b', 'c'].map((orderId) => ({ orderId, version: 1, body: orderId })));
  expect(await plain.hgetall(`${keyPrefix}os:{c}`)).toEqual({ v: '1', b: 'c' });
  const elsewhere = createRedis({ url: testStack().redisUrl, keyPrefix: `${keyPrefix}x.`, log });
  await expect.poll(() => elsewhere.status()).toBe('ready');
  expect(await createOrderStatuses({ redis: elsewhere }).body('b')).toBeNull();
  await elsewhere.close();
});

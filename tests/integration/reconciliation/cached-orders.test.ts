/** Entries of Redis that differ from their rows, read by one script. */
import { Redis as Client } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCacheReader } from '../../../services/reconciliation/checks/cached-orders.ts';
import { createRedis, type Redis } from '../../../services/shared/redis/index.ts';
import { quietLog as log } from '../../support/records/kafka.ts';
import { testStack, unique, until } from '../../support/servers/stack.ts';

const keyPrefix = `${unique('cached')}.`;
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

const row = (orderId: string) => ({ orderId, version: 2, status: 'PAID' });
const put = (orderId: string, version: string, body: string) =>
  plain.hset(`${keyPrefix}os:{${orderId}}`, 'v', version, 'b', body);

test('finds each entry with another version or status, and leaves out those that agree', async () => {
  const body = (status: string) => JSON.stringify({ id: 'x', status, version: 2, items: [{ name: 'a' }] });
  await put('same', '2', body('PAID'));
  await put('onlyVersion', '2', '');
  await put('older', '1', body('PAID'));
  await put('olderWithoutBody', '1', '');
  await put('otherStatus', '2', body('PAID_TWICE'));
  // The text of the wanted status is there, but the status is another one.
  await put('innerStatus', '2', JSON.stringify({ payment: { status: 'PAID' }, status: 'SHIPPED' }));
  await put('textInName', '2', JSON.stringify({ name: '"status":"PAID"', status: 'SHIPPED' }));
  await put('spaced', '2', '{ "status" : "SHIPPED" }');
  await put('unreadable', '2', '{"status":');
  await plain.set(`${keyPrefix}os:{foreign}`, 'text');
  const ids = [
    ...['same', 'onlyVersion', 'older', 'olderWithoutBody', 'otherStatus', 'innerStatus'],
    ...['textInName', 'spaced', 'unreadable', 'foreign', 'missing'],
  ];
  const found = await createCacheReader(redis)(ids.map(row));
  expect(Object.fromEntries(found!)).toEqual({
    older: { version: 1, status: 'PAID' },
    olderWithoutBody: { version: 1, status: null },
    otherStatus: { version: 2, status: 'PAID_TWICE' },
    innerStatus: { version: 2, status: 'SHIPPED' },
    textInName: { version: 2, status: 'SHIPPED' },
    spaced: { version: 2, status: 'SHIPPED' },
    // A reader goes to the database, so the entry has no status to compare.
    unreadable: { version: 2, status: null },
  });
});

test('no rows ask nothing, and a Redis that is down says nothing', async () => {
  expect(await createCacheReader(redis)([])).toEqual(new Map());
  const closed = createRedis({ url: testStack().redisUrl, keyPrefix, log });
  await closed.close();
  expect(await createCacheReader(closed)([row('same')])).toBeNull();
});

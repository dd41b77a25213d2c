/**
 * Two ingestion processes accept two bodies with one key before either is decided. The first in the log
 * becomes the order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('keyrace');
const database = useDatabase('keyrace');
let world: ApiWorld;
let apis: ApiProcess[] = [];

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  // Without Redis no process sees the other's order, as before the cache entry is written.
  await world.redis.close();
  apis = await Promise.all(['a', 'b'].map((name) => spawnApi({ ...world.env, INSTANCE_ID: unique(name) })));
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.end('SIGKILL')));
  await world.close();
});

test('the first body is never refused; the other gets 422 after a wait, and at each repeat', async () => {
  const key = unique('race');
  const place = async (api: ApiProcess, quantity: number, waitSeconds = 0) => {
    const request = { params: placeHeaders(key, waitSeconds), body: orderOf(quantity) };
    const { response, data, error } = await world.clientOf(api, 'c1').POST('/v1/orders', request);
    return {
      status: response.status,
      quantity: data && 'items' in data ? data.items?.[0]?.quantity : null,
      error,
    };
  };
  const [first, second] = apis as [ApiProcess, ApiProcess];
  // No worker runs yet, so both are in the log before anything is decided.
  expect(await place(first, 1)).toMatchObject({ status: 202 });
  expect(await place(second, 2)).toMatchObject({ status: 202 });
  // The second process remembers the second body.
  expect(await place(second, 1)).toMatchObject({ status: 202 });
  const waiting = Promise.all([place(first, 1, 30), place(second, 2, 30), place(first, 2, 30)]);
  await world.arena.startWorker();
  const [won, ...lost] = await waiting;
  expect(won).toMatchObject({ status: 200, quantity: 1 });
  for (const one of lost) expect(one).toMatchObject({ status: 422, error: { code: 'KEY_REUSED' } });
  for (const api of apis) {
    expect(await place(api, 1)).toMatchObject({ status: 200, quantity: 1 });
    expect(await place(api, 2)).toMatchObject({ status: 422, error: { code: 'KEY_REUSED' } });
  }
});

/** The stock of a SKU through the whole HTTP application, on fakes. */
import { expect, test } from 'vitest';
import { createFakeWorld, fakeTokens } from '../../../testing/fake-world.ts';

const level = { sku: 'A/B', available: 3, committed: 2, onHand: 5 };

function openWorld() {
  const world = createFakeWorld();
  world.stock.set(level.sku, level);
  const get = (sku: string, token = fakeTokens.ops) =>
    world.app.inject({ url: `/v1/stock/${sku}`, headers: { authorization: `Bearer ${token}` } });
  return { world, get };
}

test('the stock of a SKU has what is available, committed and on hand', async () => {
  const { get } = openWorld();
  const answer = await get(encodeURIComponent(level.sku));
  expect([answer.statusCode, answer.json()]).toEqual([200, level]);
});

test.each(['B', '%C3%A4', '%20', 'x'.repeat(65)])('there is no stock of %s', async (sku) => {
  const { get } = openWorld();
  expect((await get(sku)).json()).toMatchObject({ status: 404, code: 'STOCK_NOT_FOUND' });
});

test('only operators read stock', async () => {
  const { get } = openWorld();
  const answer = await get(encodeURIComponent(level.sku), fakeTokens.c1);
  expect(answer.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
  expect(answer.headers['www-authenticate']).toContain('scope="orders:ops"');
});

test('without the database the stock is unknown', async () => {
  const { world, get } = openWorld();
  world.mysqlAway = true;
  expect((await get('A')).json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
});

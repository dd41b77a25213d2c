/** The stock of a SKU through the whole HTTP application, on fakes. */
import { describe, expect, test } from 'vitest';
import { decideLast } from '../../../testing/fake-commands.ts';
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

describe('an adjustment of stock', () => {
  const path = '/v1/stock/A%2FB/adjustments';
  const body = { delta: -2, reason: 'broken' };

  function post(
    world: ReturnType<typeof createFakeWorld>,
    payload: object,
    headers: object = {},
    url = path,
  ) {
    return world.app.inject({
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${fakeTokens.ops}`, 'idempotency-key': 'k1', ...headers },
      payload,
    });
  }

  test('appends a command of the SKU; its ticket shows it while it is queued', async () => {
    const { world } = openWorld();
    const answer = await post(world, body);
    expect(answer.statusCode, answer.body).toBe(202);
    expect(world.commands.at(-1)).toMatchObject({
      ...{ type: 'ADJUST_STOCK', orderId: null, customerId: null, actor: 'operator:operator' },
      commandId: expect.stringMatching(/^stock:A\/B:[0-9a-f]{32}$/),
      payload: { sku: 'A/B', delta: -2, reason: 'broken', countedTo: null },
    });
    const { statusUrl } = answer.json();
    expect(answer.headers.location).toBe(statusUrl);
    expect(statusUrl).toMatch(/^\/v1\/stock\/A%2FB\/commands\/stock:A%2FB:[0-9a-f]{32}\?t=/);
    const get = (url: string, token = fakeTokens.ops) =>
      world.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
    expect((await get(statusUrl)).json()).toMatchObject({
      type: 'ADJUST_STOCK',
      outcome: 'QUEUED',
      statusUrl,
    });
    const [plain] = statusUrl.split('?');
    expect((await get(plain)).json()).toMatchObject({ status: 404, code: 'COMMAND_NOT_FOUND' });
    expect((await get(statusUrl, fakeTokens.c1)).statusCode).toBe(403);
    world.publish('A/B', 0, decideLast(world, { version: 0, status: null }));
    expect((await get(plain)).json()).toMatchObject({ type: 'ADJUST_STOCK', outcome: 'APPLIED', version: 0 });
  });

  test('with a wait gives the outcome, also of a refused one', async () => {
    const { world } = openWorld();
    const reason = { code: 'STOCK_TOO_LOW', message: 'Only 3 units.', pointer: null, seen: null };
    const answer = post(world, { ...body, delta: -4 }, { prefer: 'wait=30' });
    while (world.commands.length === 0) await new Promise(setImmediate);
    const refused = { outcome: 'REFUSED', version: 0, status: null, reason } as const;
    world.publish('A/B', 0, decideLast(world, refused));
    expect([(await answer).statusCode, (await answer).json()]).toMatchObject([
      200,
      { outcome: 'REFUSED', version: 0, reason: { code: 'STOCK_TOO_LOW' } },
    ]);
    expect((await answer).json()).not.toHaveProperty('status');
  });

  test.each([
    [{ ...body, delta: 0 }, '/delta'],
    [{ ...body, delta: 1_000_000_001 }, '/delta'],
    [{ ...body, delta: -1_000_000_001 }, '/delta'],
    [{ ...body, delta: 1.5 }, ''],
    [{ delta: 1 }, '/reason'],
    [{ ...body, reason: '' }, '/reason'],
    [{ ...body, countedTo: 1 }, '/countedTo'],
  ])('refuses the body %j', async (wrong, pointer) => {
    const { world } = openWorld();
    const answer = await post(world, wrong);
    expect(answer.json()).toMatchObject({ status: 400 });
    if (pointer !== '') expect(answer.json().errors[0].pointer).toBe(pointer);
    expect(world.commands).toEqual([]);
  });

  test('needs a key, the scope of operators and a SKU with stock', async () => {
    const { world } = openWorld();
    expect((await post(world, body, { 'idempotency-key': '' })).statusCode).toBe(400);
    expect((await post(world, body, { authorization: `Bearer ${fakeTokens.c1}` })).statusCode).toBe(403);
    for (const sku of ['B', '%20'])
      expect((await post(world, body, {}, `/v1/stock/${sku}/adjustments`)).json()).toMatchObject({
        ...{ status: 404, code: 'STOCK_NOT_FOUND' },
      });
    expect(world.commands).toEqual([]);
  });
});

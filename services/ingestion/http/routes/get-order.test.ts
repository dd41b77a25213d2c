import { describe, expect, test } from 'vitest';
import { createFakeWorld, fakeTokens, placeRequest } from '../../testing/fake-world.ts';

const authorization = `Bearer ${fakeTokens.c1}`;
const unknown = '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11';

async function placedWorld() {
  const world = createFakeWorld();
  const { id, statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
  const get = (url: string, headers: Record<string, string> = {}) =>
    world.app.inject({ url, headers: { authorization, ...headers } });
  return { world, id, statusUrl, get, url: `/v1/orders/${id}` };
}

describe('reading an order', () => {
  test('ETag is the version, and a final order has no Retry-After', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id);
    const pending = await get(url);
    expect(pending.headers).toMatchObject({ etag: '"1"', 'retry-after': '5' });
    expect(pending.json().links).toEqual({
      self: url,
      history: `${url}/history`,
      events: `${url}/events`,
      cancel: `${url}/cancel`,
      paymentSessions: `${url}/payment-sessions`,
    });
    world.decide(id, 'CANCELLED');
    world.cached.clear();
    const final = await get(url);
    expect(final.json()).toMatchObject({ version: 2, status: 'CANCELLED' });
    expect(final.headers['retry-after']).toBeUndefined();
    expect(Object.keys(final.json().links)).toEqual(['self', 'history', 'events']);
  });

  test('a customer can cancel a paid order until a part is shipped', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id, 'PAID');
    expect((await get(url)).json().links).toHaveProperty('cancel');
    const order = world.stored.get(id)!;
    world.stored.set(id, { ...order, lines: order.lines.map((line) => ({ ...line, shipped: 1 })) });
    world.cached.clear();
    const shipped = (await get(url)).json();
    expect(shipped).toMatchObject({ status: 'PAID', items: [{ shipped: 1 }] });
    expect(shipped.links).not.toHaveProperty('cancel');
  });

  test('an order is not settled while a refund waits for its result', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id, 'CANCELLED');
    const order = world.stored.get(id)!;
    world.stored.set(id, { ...order, money: { ...order.money, refundPending: 500 } });
    expect((await get(url)).headers['retry-after']).toBe('5');
  });

  test('a version never goes back: an older version in the cache is ignored', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id);
    const old = (await get(url)).json();
    world.decide(id, 'CANCELLED');
    world.cached.clear();
    expect((await get(url)).json().version).toBe(2);
    const { links: _links, ...resource } = old;
    world.cached.set(id, resource);
    expect((await get(url)).json().version).toBe(2);
    world.cached.set(id, resource);
    world.mysqlAway = true;
    expect((await get(url)).json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
  });

  test('ignores the cache if the client has a newer version that this process has not seen', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id);
    await get(url);
    world.decide(id, 'CANCELLED');
    const answer = await get(url, { 'if-none-match': '"2"' });
    expect(answer.statusCode).toBe(304);
    expect(answer.headers.etag).toBe('"2"');
  });

  test('a long poll waits until the version changes', async () => {
    const { world, id, get, url } = await placedWorld();
    world.decide(id);
    const held = get(url, { 'if-none-match': '"1"', prefer: 'wait=10' });
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    world.decide(id, 'CANCELLED');
    const answer = await held;
    expect(answer.json()).toMatchObject({ version: 2 });
    expect(answer.headers['preference-applied']).toBe('wait=10');
  });

  test('a wait without a version ends with the outcome', async () => {
    const { world, id, get, statusUrl } = await placedWorld();
    const held = get(statusUrl, { prefer: 'wait=10' });
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    world.decide(id, 'REJECTED');
    expect((await held).json()).toMatchObject({ version: 1, status: 'REJECTED' });
    const again = await get(statusUrl, { prefer: 'wait=10' });
    expect(again.json()).toMatchObject({ version: 1, status: 'REJECTED' });
  });

  test('returns the current state at once if too many clients wait', async () => {
    const world = createFakeWorld({ watchersMax: 1 });
    const { id, statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
    const url = { url: statusUrl, headers: { authorization, prefer: 'wait=1' } };
    const [first, second] = await Promise.all([world.app.inject(url), world.app.inject(url)]);
    expect([first.headers['preference-applied'], second.headers['preference-applied']].toSorted()).toEqual([
      'wait=1',
      undefined,
    ]);
    expect(second.json()).toMatchObject({ id, status: 'QUEUED' });
  });

  test('the ticket of a dead-lettered command shows its state', async () => {
    const { world, id, get, statusUrl } = await placedWorld();
    world.setAside(id);
    const answer = await get(statusUrl);
    expect(answer.json()).toMatchObject({ status: 'DEAD_LETTERED', reason: { code: 'DEAD_LETTERED' } });
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  test.each(['x', unknown.toUpperCase(), `${unknown}x`, unknown, '..%2f..', '%00'])(
    '%s is unknown',
    async (id) => {
      const { get } = await placedWorld();
      expect((await get(`/v1/orders/${id}`)).statusCode).toBe(404);
    },
  );

  test('without MySQL an unknown order is a 503 and not a 404, and a ticket gives QUEUED', async () => {
    const { world, get, statusUrl, url } = await placedWorld();
    world.mysqlAway = true;
    expect((await get(url)).json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
    world.progress.publishedUpTo(Number(/t=(\d+)/.exec(statusUrl)?.[1]), 0);
    expect((await get(statusUrl)).json()).toMatchObject({ status: 'QUEUED' });
  });
});

describe('cancelling', () => {
  test('cancels queued orders by ticket and others by owner, and refuses a stale version with 412', async () => {
    const { world, id, statusUrl, url } = await placedWorld();
    const cancel = (path: string, headers: Record<string, string> = {}) =>
      world.app.inject({ method: 'POST', url: path, headers: { authorization, ...headers } });
    const ticket = statusUrl.slice(statusUrl.indexOf('?'));
    expect((await cancel(`${url}/cancel`)).statusCode).toBe(404);
    expect((await cancel(`${url}/cancel${ticket}`)).statusCode).toBe(202);
    world.decide(id);
    expect((await cancel(`${url}/cancel`, { 'if-match': '"7"' })).json()).toMatchObject({
      status: 412,
      code: 'VERSION_STALE',
    });
    expect((await cancel(`${url}/cancel`, { 'if-match': 'nonsense' })).statusCode).toBe(400);
    const answer = await cancel(`${url}/cancel`, { 'if-match': '"1"' });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ id, version: 1 });
    expect(world.commands.at(-1)).toMatchObject({
      type: 'CANCEL',
      payload: { expectedVersion: 1, reason: null },
    });
    await cancel(`${url}/cancel`, { 'if-match': '"1"' });
    expect(world.commands.at(-1)!.commandId).toBe(world.commands.at(-2)!.commandId);
  });
});

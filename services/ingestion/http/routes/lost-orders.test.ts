/** Accepted orders that the log lost before a worker decided them. */
import { describe, expect, test } from 'vitest';
import { partitionOfOrder } from '../../../../topics/index.ts';
import { createTickets } from '../../application/common/ticket.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../../testing/fake-world.ts';

const headers = { authorization: `Bearer ${fakeTokens.c1}` };

/** A lost order: the worker has passed its position, but there is no row and no dead letter. */
async function lostOrder() {
  const world = createFakeWorld();
  const placed = await world.app.inject(placeRequest('k'));
  const { id, statusUrl } = placed.json() as { id: string; statusUrl: string };
  world.decided[partitionOfOrder(id)] = 1;
  return { world, id, statusUrl };
}

test('a lost order is distinguished from a dead letter', async () => {
  const { world, id, statusUrl } = await lostOrder();
  const lost = await world.app.inject({ url: statusUrl, headers });
  expect([lost.statusCode, lost.json()]).toMatchObject([410, { code: 'ORDER_LOST' }]);
  world.setAside(id);
  const dead = await world.app.inject({ url: statusUrl, headers });
  expect([dead.statusCode, dead.json()]).toMatchObject([200, { status: 'DEAD_LETTERED' }]);
});

describe('a retry', () => {
  test.each([
    ['', {}],
    [' that waits', { prefer: 'wait=1' }],
  ])('%s places the order again and reports this', async (_how, more) => {
    const { world, id } = await lostOrder();
    const again = await world.app.inject(placeRequest('k', undefined, more));
    expect(again.statusCode).toBe(202);
    expect(again.headers['idempotent-replayed']).toBeUndefined();
    expect(again.json()).toMatchObject({ id, status: 'QUEUED' });
    expect(world.commands.map(({ orderId }) => orderId)).toEqual([id, id]);
    world.decide(id);
    const { statusUrl } = again.json() as { statusUrl: string };
    expect((await world.app.inject({ url: statusUrl, headers })).json()).toMatchObject({ id, version: 1 });
  });

  test('appends the order again after its log was truncated, also if the service remembers it', async () => {
    const world = createFakeWorld();
    const { id } = (await world.app.inject(placeRequest('k'))).json() as { id: string };
    expect((await world.app.inject(placeRequest('k'))).headers['idempotent-replayed']).toBe('true');
    world.logHolds = false;
    world.cachedKeys.clear();
    const again = await world.app.inject(placeRequest('k'));
    expect([again.statusCode, again.headers['idempotent-replayed']]).toEqual([202, undefined]);
    expect(world.commands.map(({ orderId }) => orderId)).toEqual([id, id]);
  });
});

test('a ticket of a recreated log shows the stored order, or reports that the order is lost', async () => {
  const world = createFakeWorld();
  const { id } = (await world.app.inject(placeRequest('k'))).json() as { id: string };
  const before = createTickets(['fake-secret-fake-secret'], 'the log before');
  const url = `/v1/orders/${id}?t=${before.issue(id, 'c1', { partition: partitionOfOrder(id), offset: 0 })}`;
  expect((await world.app.inject({ url, headers })).json()).toMatchObject({ code: 'ORDER_LOST' });
  world.decide(id);
  expect((await world.app.inject({ url, headers })).json()).toMatchObject({ id, version: 1 });
});

import { expect, test } from 'vitest';
import { createFakeWorld, fakeTokens } from '../../../testing/fake-world.ts';

function erase(world: ReturnType<typeof createFakeWorld>, id: string, token = fakeTokens.ops) {
  const headers = {
    authorization: `Bearer ${token}`,
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  };
  return world.app.inject({ method: 'POST', url: `/v1/customers/${id}/erasure`, headers });
}

test('an erasure names the customer, the operator and the trace, and returns what it did', async () => {
  const world = createFakeWorld();
  const answer = await erase(world, 'customer%2F7');
  expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(answer.json()).toEqual({
    customerId: 'customer/7',
    complete: true,
    ...{ orders: 2, openOrders: 1, reasons: 0, references: 0, errors: 3, undecided: 0 },
  });
  const traceId = 'a'.repeat(32);
  expect(world.erasures).toEqual([{ customerId: 'customer/7', operator: 'operator', traceId }]);
});

test('an erasure is not complete while commands of the time before have no outcome', async () => {
  const world = createFakeWorld();
  world.undecided = 4;
  expect((await erase(world, 'c1')).json()).toMatchObject({ complete: false, undecided: 4 });
});

test('only an operator erases, and only a customer id that a token can have', async () => {
  const world = createFakeWorld();
  for (const token of [fakeTokens.c1, fakeTokens.hooks])
    expect((await erase(world, 'c1', token)).json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
  for (const id of ['%C3%A4', 'a%20b', 'x'.repeat(129)])
    expect((await erase(world, id)).json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  expect(world.erasures).toEqual([]);
});

test('without the database nothing is erased, and the caller is told to repeat', async () => {
  const world = createFakeWorld();
  world.mysqlAway = true;
  const answer = await erase(world, 'c1');
  expect(answer.json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
  expect(answer.headers['retry-after']).toBe('1');
});

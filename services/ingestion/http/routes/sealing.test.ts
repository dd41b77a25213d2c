/** Every command of a customer is sealed with its own key, however the request comes. */
import { describe, expect, test } from 'vitest';
import type { OrderCommand } from '../../../../schemas/index.ts';
import { type CustomerKey, openCommand } from '../../../shared/personal-data/index.ts';
import { Failure } from '../../application/common/failure.ts';
import type { KeyAnswer } from '../../application/sealing/customer-keys.ts';
import { createFakeWorld, placeRequest, sampleOrder } from '../../testing/fake-world.ts';

const key: CustomerKey = { keyId: 'key of c1', secret: Buffer.alloc(32, 7) };
const authorization = placeRequest('').headers.authorization;

/** A world whose keys are read with a delay, as from the database. */
function worldWith(answer: KeyAnswer) {
  const asked: string[] = [];
  const customerKeys = {
    async keyOf(customerId: string) {
      asked.push(customerId);
      await new Promise(setImmediate);
      return answer;
    },
  };
  return Object.assign(createFakeWorld({ customerKeys }), { asked });
}
type World = ReturnType<typeof worldWith>;

const requests: Readonly<Record<string, (world: World) => Promise<{ statusCode: number; body: string }>>> = {
  'an order': (world) => world.app.inject(placeRequest('k1')),
  'an order of a batch': (world) =>
    world.app.inject({
      ...{ method: 'POST', url: '/v1/orders/batch', headers: { authorization } },
      payload: { orders: [{ idempotencyKey: 'k1', order: sampleOrder() }] },
    }),
  'a cancel with a reason': async (world) => {
    const { statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
    const url = statusUrl.replace('?', '/cancel?');
    const payload = { reason: 'Ada moved' };
    return world.app.inject({ method: 'POST', url, headers: { authorization }, payload });
  },
};

describe.each(Object.entries(requests))('%s', (_name, send) => {
  test('is in the log without personal data, and its key opens it', async () => {
    const world = worldWith(key);
    expect((await send(world)).statusCode).toBeLessThan(300);
    const command = world.commands.at(-1)!;
    expect(JSON.stringify({ ...command, sealed: null })).not.toMatch(/Ada|Street|Berlin|10115/);
    expect(command.sealed?.keyId).toBe('key of c1');
    expect(JSON.stringify(openCommand(command, key.secret))).toMatch(/Ada/);
    expect(new Set(world.asked)).toEqual(new Set(['c1']));
  });

  test('is readable in the log if the key cannot be read', async () => {
    const world = worldWith(null);
    expect((await send(world)).statusCode).toBeLessThan(300);
    expect(world.commands.at(-1)).toMatchObject({ sealed: null });
    expect(JSON.stringify(world.commands.at(-1))).toMatch(/Ada/);
  });
});

test.each(['an order', 'an order of a batch'])('%s is refused if its key is required', async (name) => {
  const world = worldWith(new Failure('NOT_PRODUCED', { retryAfterMs: 2_000 }));
  const answer = await requests[name]!(world);
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([503, 'NOT_PRODUCED']);
  expect(world.commands).toEqual([]);
});

test('a cancel without a reason needs no key', async () => {
  const world = worldWith(key);
  const { statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
  world.asked.length = 0;
  const url = statusUrl.replace('?', '/cancel?');
  expect((await world.app.inject({ method: 'POST', url, headers: { authorization } })).statusCode).toBe(202);
  expect([world.asked, (world.commands.at(-1) as OrderCommand).type]).toEqual([[], 'CANCEL']);
});

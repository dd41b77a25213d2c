import { describe, expect, test } from 'vitest';
import { Failure } from '../../application/common/failure.ts';
import { createFakeWorld, fakeTokens, placeRequest, sampleOrder } from '../../testing/fake-world.ts';

describe('placing an order', () => {
  test('202 with location, ticket, integer Retry-After and queue, after the command is in the log', async () => {
    const world = createFakeWorld();
    const answer = await world.app.inject(placeRequest('k1'));
    expect(answer.statusCode).toBe(202);
    const body = answer.json();
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      status: 'QUEUED',
      statusUrl: answer.headers.location,
      queue: { ahead: expect.any(Number), etaMs: expect.any(Number) },
    });
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(body.statusUrl).toMatch(
      new RegExp(`^/v1/orders/${body.id}\\?t=\\d+\\.0\\.[\\w-]{6}\\.[\\w-]{22}$`),
    );
    expect(world.commands).toHaveLength(1);
    expect(world.commands[0]).toMatchObject({
      type: 'PLACE',
      commandId: `place:${body.id}`,
      customerId: 'c1',
      idempotencyKey: 'k1',
    });
  });

  test('the statusUrl shows QUEUED without any store, only to the owner', async () => {
    const world = createFakeWorld();
    const { statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
    const authorization = `Bearer ${fakeTokens.c1}`;
    const answer = await world.app.inject({ url: statusUrl, headers: { authorization } });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ version: 0, status: 'QUEUED', queue: { ahead: 0 } });
    expect(answer.headers.etag).toBe('"0"');
    const bare = statusUrl.split('?')[0];
    expect((await world.app.inject({ url: bare, headers: { authorization } })).statusCode).toBe(404);
    const other = { authorization: `Bearer ${fakeTokens.c2}` };
    expect((await world.app.inject({ url: statusUrl, headers: other })).statusCode).toBe(404);
  });

  test('the same key and body give the same id, with 202 while queued and 200 once decided', async () => {
    const world = createFakeWorld();
    const first = await world.app.inject(placeRequest('k1'));
    const again = await world.app.inject(placeRequest('"k1"'));
    expect(again.statusCode).toBe(202);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.json().id).toBe(first.json().id);
    world.decide(first.json().id);
    const later = await world.app.inject(placeRequest('k1'));
    expect(later.statusCode).toBe(200);
    expect(later.json()).toMatchObject({ id: first.json().id, version: 1, status: 'PENDING_PAYMENT' });
    expect(world.commands).toHaveLength(1);
  });

  test('the order of members and spaces do not change a body, and another quantity does', async () => {
    const world = createFakeWorld();
    const first = await world.app.inject(placeRequest('k1'));
    world.decide(first.json().id);
    const { currency, ...rest } = sampleOrder() as { currency: string };
    const shuffled = await world.app.inject(
      placeRequest('k1', JSON.stringify({ ...rest, currency }, null, 2)),
    );
    expect(shuffled.headers['idempotent-replayed']).toBe('true');
    const other = await world.app.inject(placeRequest('k1', sampleOrder(3)));
    expect(other.statusCode).toBe(422);
    expect(other.json().code).toBe('KEY_REUSED');
  });

  test('200 parallel posts with one key are one command', async () => {
    const world = createFakeWorld();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => world.app.inject(placeRequest('same'))),
    );
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(world.commands).toHaveLength(1);
  });

  test('another body during the first append gets 422 if the first order is decided, and is submitted otherwise', async () => {
    const world = createFakeWorld();
    const gate = Promise.withResolvers<void>();
    world.holdProduce = gate.promise;
    const first = world.app.inject(placeRequest('k1'));
    await new Promise(setImmediate);
    const second = world.app.inject(placeRequest('k1', sampleOrder(3)));
    await new Promise(setImmediate);
    gate.resolve();
    expect((await first).statusCode).toBe(202);
    world.decide((await first).json().id);
    expect((await second).statusCode).toBe(422);
  });

  test('a body that lost the key in the log gets 422, even if this process remembers that body', async () => {
    const world = createFakeWorld();
    const lost = await world.app.inject(placeRequest('k1', sampleOrder(3)));
    const { id } = lost.json();
    // Another process was first in the log with another body.
    const [command] = world.commands;
    world.commands.unshift({ ...command!, fingerprint: Buffer.alloc(32, 7) });
    world.decide(id);
    for (const prefer of ['return=minimal', 'wait=5']) {
      const again = await world.app.inject(placeRequest('k1', sampleOrder(3), { prefer }));
      expect(again.json()).toMatchObject({ status: 422, code: 'KEY_REUSED' });
    }
  });

  test('a body with the key of a remembered body gets no 422 before the database has the order', async () => {
    const world = createFakeWorld();
    await world.app.inject(placeRequest('k1', sampleOrder(3)));
    const rival = await world.app.inject(placeRequest('k1'));
    expect(rival.statusCode).toBe(202);
    expect(world.commands).toHaveLength(2);
  });

  test('Prefer: wait returns 422 for the body that lost the key', async () => {
    const world = createFakeWorld();
    const waiting = world.app.inject(placeRequest('k1', sampleOrder(), { prefer: 'wait=5' }));
    while (world.commands.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    world.publish(world.commands[0]!.orderId!, 1, { outcome: 'KEY_CONFLICT' });
    expect((await waiting).json()).toMatchObject({ status: 422, code: 'KEY_REUSED' });
  });

  test.each(['NOT_PRODUCED', 'OUTCOME_UNKNOWN'] as const)(
    '%s is a 503 that allows a retry, and leaves no cache entry',
    async (code) => {
      const world = createFakeWorld();
      world.produceProblem = new Failure(code, { retryAfterMs: 2_000 });
      const answer = await world.app.inject(placeRequest('k1'));
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({ code, detail: expect.stringContaining('same key') });
      expect(answer.headers['retry-after']).toBe('2');
      world.produceProblem = null;
      expect((await world.app.inject(placeRequest('k1'))).statusCode).toBe(202);
      expect(world.commands).toHaveLength(1);
    },
  );

  test('Prefer: wait waits for the outcome, and returns 202 after the timeout', async () => {
    const world = createFakeWorld();
    const waiting = world.app.inject(placeRequest('k1', sampleOrder(), { prefer: 'wait=5' }));
    while (world.commands.length === 0) await new Promise(setImmediate);
    world.decide(world.commands[0]!.orderId!);
    const answer = await waiting;
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['preference-applied']).toBe('wait=5');
    expect(answer.json()).toMatchObject({ version: 1, status: 'PENDING_PAYMENT' });
    const late = await world.app.inject(placeRequest('k2', sampleOrder(), { prefer: 'wait=1' }));
    expect(late.statusCode).toBe(202);
    expect(late.headers['preference-applied']).toBeUndefined();
  });

  test('a wait for an accepted order is served from the event, without any store', async () => {
    const world = createFakeWorld();
    const waiting = world.app.inject(placeRequest('k1', sampleOrder(), { prefer: 'wait=5' }));
    while (world.commands.length === 0) await new Promise(setImmediate);
    world.mysqlAway = true;
    world.accept(world.commands[0]!.orderId!);
    const answer = await waiting;
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.json()).toMatchObject({
      version: 1,
      status: 'PENDING_PAYMENT',
      items: [{ sku: 'SKU-1', name: 'Product', quantity: 2, unitPrice: 250, lineTotal: 500 }],
      totals: { subtotal: 500, discount: 0, shipping: 0, tax: 0, total: 500 },
      paymentDueAt: new Date(1_767_601_800_000).toISOString(),
    });
    expect(answer.json().priceVersion).toBeUndefined();
  });

  test('waiting clients get a response at once when the service stops', async () => {
    const world = createFakeWorld();
    const waiting = world.app.inject(placeRequest('k1', sampleOrder(), { prefer: 'wait=30' }));
    while (world.commands.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    world.waits.drain();
    expect((await waiting).statusCode).toBe(202);
  });

  test('a caller over the rate gets 429 with Retry-After and the RateLimit headers', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 2 });
    await world.app.inject(placeRequest('k1'));
    await world.app.inject(placeRequest('k2'));
    const answer = await world.app.inject(placeRequest('k3'));
    expect(answer.statusCode).toBe(429);
    expect(answer.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"orders";q=2;w=2',
      ratelimit: '"orders";r=0;t=2',
    });
  });

  test('during overload the response is 503 before the body is read', async () => {
    const world = createFakeWorld();
    world.refusal = 'lag';
    const answer = await world.app.inject(placeRequest('k1', 'no json at all'));
    expect(answer.statusCode).toBe(503);
    expect(answer.json().code).toBe('OVERLOADED');
    expect(answer.headers['retry-after']).toBe('2');
  });
});

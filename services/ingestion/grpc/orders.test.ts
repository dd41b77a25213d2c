import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { fakeTokens, placeRequest } from '../testing/fake-world.ts';
import { openFakeGrpc } from '../testing/grpc-client.ts';
import { OrderStatus } from './generated/orderstream/v1/orders_pb.ts';

let world: Awaited<ReturnType<typeof openFakeGrpc>>;
afterEach(() => world.close());

/** The same order as `sampleOrder` of the HTTP tests. */
const order = (quantity = 2) => ({
  currency: 'EUR',
  items: [{ sku: 'SKU-1', quantity }],
  shippingAddress: { name: 'Ada', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
});

describe('CreateOrder', () => {
  test('answers once the order is durable, with id and ticket', async () => {
    world = await openFakeGrpc();
    const { message } = await world.client.call('createOrder', { requestId: 'k1', order: order() });
    expect(message!.order).toMatchObject({ status: OrderStatus.QUEUED, version: 0, canCancel: true });
    expect(message!.replayed).toBe(false);
    expect(world.commands).toHaveLength(1);
    const { id, ticket } = message!.order!;
    const read = await world.client.call('getOrder', { id, ticket });
    expect(read.message!.order).toMatchObject({ id, status: OrderStatus.QUEUED });
  });

  test('and POST /v1/orders with the same key and order are one order', async () => {
    world = await openFakeGrpc();
    const posted = await world.app.inject(placeRequest('k1'));
    const { message } = await world.client.call('createOrder', { requestId: 'k1', order: order() });
    expect(message!.order!.id).toBe(posted.json().id);
    expect(message!.replayed).toBe(true);
    expect(world.commands).toHaveLength(1);
  });

  test('waits for the outcome', async () => {
    world = await openFakeGrpc();
    const placed = world.client.call('createOrder', {
      requestId: 'k1',
      order: order(),
      wait: { seconds: 10n },
    });
    await expect.poll(() => world.commands.length).toBe(1);
    world.decide(world.commands[0]!.orderId!);
    const { message } = await placed;
    expect(message!.order).toMatchObject({ status: OrderStatus.PENDING_PAYMENT, version: 1, canPay: true });
  });

  test('lists every invalid field', async () => {
    world = await openFakeGrpc();
    const bad = { ...order(0), expectedTotal: -1n, metadata: { ok: 'x', bad: '\u0000' } };
    const { error } = await world.client.call('createOrder', { requestId: 'k1', order: bad });
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'VALIDATION_FAILED' });
    expect(error!.fields).toEqual([
      'order.items[0].quantity',
      'order.expected_total',
      'order.metadata["bad"]',
    ]);
    expect(world.commands).toHaveLength(0);
  });

  test('refuses bytes that are no message, and unknown fields', async () => {
    world = await openFakeGrpc();
    for (const bytes of [[0xff], [0x0a, 0x01, 0xff], [0xf8, 0x07, 0x01]]) {
      const { error } = await world.client.raw('createOrder', Uint8Array.from(bytes));
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'MESSAGE_INVALID' });
    }
  });

  test('refuses a message of more than 64 KiB before it is decoded', async () => {
    world = await openFakeGrpc();
    const { error } = await world.client.raw('createOrder', new Uint8Array(64 * 1024 + 1));
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'BODY_TOO_LARGE' });
  });

  test('refuses another order with a used request id', async () => {
    world = await openFakeGrpc();
    const { message } = await world.client.call('createOrder', { requestId: 'k1', order: order() });
    world.decide(message!.order!.id);
    const { error } = await world.client.call('createOrder', { requestId: 'k1', order: order(3) });
    expect(error).toMatchObject({ code: status.ALREADY_EXISTS, reason: 'KEY_REUSED' });
  });
});

describe('a call', () => {
  test('needs a token and its scope', async () => {
    world = await openFakeGrpc();
    const request = { requestId: 'k1', order: order() };
    const none = await world.client.call('createOrder', request, { token: null });
    expect(none.error).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'UNAUTHORIZED' });
    const bad = await world.client.call('createOrder', request, { token: 'bad' });
    expect(bad.error).toMatchObject({ code: status.UNAUTHENTICATED, reason: 'UNAUTHORIZED' });
    const reader = await world.client.call('createOrder', request, { token: fakeTokens.reader });
    expect(reader.error).toMatchObject({ code: status.PERMISSION_DENIED, reason: 'SCOPE_MISSING' });
    expect(world.commands).toHaveLength(0);
  });

  test('is refused during overload, with the time of a retry', async () => {
    world = await openFakeGrpc();
    world.refusal = 'lag';
    const { error } = await world.client.call('createOrder', { requestId: 'k1', order: order() });
    expect(error).toMatchObject({ code: status.UNAVAILABLE, reason: 'OVERLOADED', retrySeconds: 2 });
  });

  test('is refused over the rate of its caller', async () => {
    world = await openFakeGrpc({ burstOrders: 1, ordersPerSecond: 1 });
    await world.client.call('createOrder', { requestId: 'k1', order: order() });
    const { error } = await world.client.call('createOrder', { requestId: 'k2', order: order() });
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'RATE_LIMITED' });
    expect(error!.retrySeconds).toBeGreaterThan(0);
  });

  test('cannot see the order of another customer', async () => {
    world = await openFakeGrpc();
    const { message } = await world.client.call('createOrder', { requestId: 'k1', order: order() });
    world.decide(message!.order!.id);
    const { error } = await world.client.call(
      'getOrder',
      { id: message!.order!.id },
      { token: fakeTokens.c2 },
    );
    expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'NOT_FOUND' });
  });
});

describe('a deadline', () => {
  test('that ends during the produce says that the outcome is unknown', async () => {
    world = await openFakeGrpc();
    const hold = Promise.withResolvers<void>();
    world.holdProduce = hold.promise;
    const { error } = await world.client.call(
      'createOrder',
      { requestId: 'k1', order: order() },
      { deadlineMs: 300 },
    );
    hold.resolve();
    expect(error!.code).toBe(status.DEADLINE_EXCEEDED);
    // The client may notice its own deadline first, and then has no details.
    expect(['OUTCOME_UNKNOWN', '']).toContain(error!.reason);
  });

  test('ends a wait before it ends the call', async () => {
    world = await openFakeGrpc();
    const { message } = await world.client.call(
      'createOrder',
      { requestId: 'k1', order: order(), wait: { seconds: 30n } },
      { deadlineMs: 1_000 },
    );
    expect(message!.order!.status).toBe(OrderStatus.QUEUED);
  });
});

describe('beside the service', () => {
  const unary = (client: Client, path: string, bytes: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const same = (value: Buffer): Buffer => value;
      client.makeUnaryRequest(path, same, same, bytes, (error, answer) =>
        error === null ? resolve(answer!) : reject(error),
      );
    });

  test('health follows the readiness of the process', async () => {
    world = await openFakeGrpc();
    const client = new Client(world.server.address, credentials.createInsecure());
    const check = () => unary(client, '/grpc.health.v1.Health/Check', Buffer.alloc(0));
    expect([...(await check())]).toEqual([8, 2]);
    world.server.setServing(true);
    expect([...(await check())]).toEqual([8, 1]);
    client.close();
  });

  test('an unknown method is UNIMPLEMENTED', async () => {
    world = await openFakeGrpc();
    const client = new Client(world.server.address, credentials.createInsecure());
    const call = unary(client, '/orderstream.v1.Orders/Unknown', Buffer.alloc(0));
    await expect(call).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    client.close();
  });
});

import { status } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { fakeTokens } from '../testing/fake-world.ts';
import { errorOf, openFakeGrpc } from '../testing/grpc-client.ts';
import { OrderStatus } from './generated/orderstream/v1/orders_pb.ts';

let world: Awaited<ReturnType<typeof openFakeGrpc>>;
afterEach(() => world.close());

const order = {
  currency: 'EUR',
  items: [{ sku: 'SKU-1', quantity: 2 }],
  shippingAddress: { name: 'Ada', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
};
const place = () => world.client.call('createOrder', { requestId: 'k1', order });
const placeAll = () => world.client.call('createOrders', { orders: [{ requestId: 'k1', order }] });
const quote = () => world.client.call('quoteOrder', { order });

test.each([
  ['intake', 'INTAKE_OFF', place],
  ['intake', 'INTAKE_OFF', placeAll],
  ['batch', 'BATCH_OFF', placeAll],
  ['quotes', 'QUOTES_OFF', quote],
] as const)(
  'without the flag %s the status is UNAVAILABLE with the reason %s',
  async (flag, reason, call) => {
    world = await openFakeGrpc();
    world.flags[flag] = false;
    const { error } = await call();
    expect(error).toMatchObject({ code: status.UNAVAILABLE, reason, retrySeconds: 30 });
    expect(world.commands).toHaveLength(0);
    world.flags[flag] = true;
    expect((await call()).error).toBeNull();
  },
);

test('without the flag streams no stream opens', async () => {
  world = await openFakeGrpc();
  const { message } = await place();
  world.flags.streams = false;
  const { id, ticket } = message!.order!;
  const stream = world.client.watch({ id, ticket });
  const failed = await new Promise<Parameters<typeof errorOf>[0]>((resolve) =>
    stream.on('error', resolve as never),
  );
  expect(errorOf(failed)).toMatchObject({
    code: status.UNAVAILABLE,
    reason: 'STREAMS_OFF',
    retrySeconds: 30,
  });
});

test('without the flag waits a wait is ignored', async () => {
  world = await openFakeGrpc();
  world.flags.waits = false;
  const { message } = await world.client.call('createOrder', {
    requestId: 'k1',
    order,
    wait: { seconds: 30n },
  });
  expect(message!.order!.status).toBe(OrderStatus.QUEUED);
});

test('a call without a valid token learns nothing about flags', async () => {
  world = await openFakeGrpc();
  world.flags.intake = false;
  const request = { requestId: 'k1', order };
  const none = await world.client.call('createOrder', request, { token: 'bad' });
  expect(none.error).toMatchObject({ code: status.UNAUTHENTICATED });
  const reader = await world.client.call('createOrder', request, { token: fakeTokens.reader });
  expect(reader.error).toMatchObject({ code: status.PERMISSION_DENIED });
});

import type { ClientReadableStream, StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { orderOf } from '../testing/doors.ts';
import { errorOf, openFakeGrpc } from '../testing/grpc-client.ts';
import { OrderStatus, type WatchOrderResponse } from './generated/orderstream/v1/orders_pb.ts';

let world: Awaited<ReturnType<typeof openFakeGrpc>>;
afterEach(() => world.close());

type Stream = ClientReadableStream<WatchOrderResponse>;

/** The versions that the stream has sent so far, and its status. */
function collect(stream: Stream) {
  const versions: number[] = [];
  const ended = Promise.withResolvers<StatusObject>();
  stream.on('data', ({ order }: WatchOrderResponse) => versions.push(order!.version));
  stream.on('error', () => undefined);
  stream.on('status', ended.resolve);
  return { versions, ended: ended.promise };
}

async function placed(): Promise<{ id: string; ticket: string }> {
  const { message } = await world.client.call('createOrder', { requestId: 'k1', order: orderOf() as never });
  return message!.order!;
}

describe('WatchOrder', () => {
  test('sends the state at once, each newer version, and ends with OK after the last state', async () => {
    world = await openFakeGrpc();
    const { id, ticket } = await placed();
    const { versions, ended } = collect(world.client.watch({ id, ticket }));
    await expect.poll(() => versions).toEqual([0]);
    world.decide(id);
    await expect.poll(() => versions).toEqual([0, 1]);
    world.decide(id, 'CANCELLED');
    expect((await ended).code).toBe(status.OK);
    expect(versions).toEqual([0, 1, 2]);
  });

  test('resumes after a version', async () => {
    world = await openFakeGrpc();
    const { id } = await placed();
    world.decide(id);
    const { versions, ended } = collect(world.client.watch({ id, afterVersion: 1 }));
    await expect.poll(() => world.waiting()).toBe(1);
    world.decide(id, 'CANCELLED');
    expect((await ended).code).toBe(status.OK);
    expect(versions).toEqual([2]);
    const again = collect(world.client.watch({ id, afterVersion: 2 }));
    expect((await again.ended).code).toBe(status.OK);
    expect(again.versions).toEqual([]);
  });

  test('shows no order of another customer, and no queued order without its ticket', async () => {
    world = await openFakeGrpc();
    const { id } = await placed();
    const { ended } = collect(world.client.watch({ id }));
    expect(errorOf(await ended)).toMatchObject({ code: status.NOT_FOUND, reason: 'NOT_FOUND' });
  });

  test('frees its place when the client has gone', async () => {
    world = await openFakeGrpc();
    const { id, ticket } = await placed();
    const stream = world.client.watch({ id, ticket });
    const { versions } = collect(stream);
    await expect.poll(() => versions).toEqual([0]);
    stream.cancel();
    await expect.poll(() => world.waiting()).toBe(0);
  });

  test('is refused over the places of its caller', async () => {
    world = await openFakeGrpc({ watchersMax: 2 });
    const { id, ticket } = await placed();
    const first = collect(world.client.watch({ id, ticket }));
    await expect.poll(() => first.versions).toEqual([0]);
    const { ended } = collect(world.client.watch({ id, ticket }));
    expect(errorOf(await ended)).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'SHARE_USED_UP' });
  });

  test('ends with UNAVAILABLE when the service stops, within a second', async () => {
    world = await openFakeGrpc();
    const { id, ticket } = await placed();
    const { versions, ended } = collect(world.client.watch({ id, ticket }));
    await expect.poll(() => versions).toEqual([0]);
    const startedMs = performance.now();
    await world.server.stop();
    expect(errorOf(await ended)).toMatchObject({ code: status.UNAVAILABLE, reason: 'STATE_UNAVAILABLE' });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test('of a settled order ends at once with its state', async () => {
    world = await openFakeGrpc();
    const { id } = await placed();
    world.decide(id, 'REJECTED');
    const { versions, ended } = collect(world.client.watch({ id }));
    expect((await ended).code).toBe(status.OK);
    expect(versions).toEqual([1]);
    expect(OrderStatus.REJECTED).toBe(2);
  });
});

/**
 * Two callers use each kind of operation, and one of them is greedy. The service refuses the greedy caller and
 * serves the other.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createFakeWorld,
  type FakeOptions,
  fakeTokens,
  placeRequest,
  sampleOrder,
} from '../../testing/fake-world.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const url = await world.app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => world.app.close());
  closers.push(() => world.streams.drain());
  return { world, url, port: Number(new URL(url).port) };
}

const get = (url: string, token: string) => fetch(url, { headers: { authorization: `Bearer ${token}` } });

/** Places an order of a customer and decides it. */
async function decidedOrder(world: ReturnType<typeof createFakeWorld>, token: string): Promise<string> {
  const request = placeRequest(`key of ${token}`);
  const answer = await world.app.inject({
    ...request,
    headers: { ...request.headers, authorization: `Bearer ${token}`, 'idempotency-key': token },
  });
  const { id } = answer.json() as { id: string };
  world.decide(id);
  return id;
}

test('streams: one caller gets half of the slots, and the next caller gets a slot', async () => {
  const { world, url } = await listen({ watchersMax: 4 });
  const [own, other] = [await decidedOrder(world, fakeTokens.c1), await decidedOrder(world, fakeTokens.c2)];
  const open = [1, 2].map(() => get(`${url}/v1/orders/${own}/events`, fakeTokens.c1));
  expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200]);
  const refused = await get(`${url}/v1/orders/${own}/events`, fakeTokens.c1);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'SHARE_USED_UP' });
  expect((await get(`${url}/v1/orders/${other}/events`, fakeTokens.c2)).status).toBe(200);
});

test('waits: a caller at its limit gets a response at once, and another caller waits', async () => {
  const { world } = await listen({ watchersMax: 4 });
  const wait = (key: string, token: string) => {
    const request = placeRequest(key, sampleOrder(), { prefer: 'wait=30', authorization: `Bearer ${token}` });
    return world.app.inject(request);
  };
  const waiting = [wait('a', fakeTokens.c1), wait('b', fakeTokens.c1)];
  await expect.poll(() => world.commands.length).toBe(2);
  expect((await wait('c', fakeTokens.c1)).statusCode).toBe(202);
  const other = wait('d', fakeTokens.c2);
  await expect.poll(() => world.commands.length).toBe(4);
  const placed = world.commands.at(-1)!.orderId!;
  world.decide(placed);
  expect((await other).statusCode).toBe(200);
  world.waits.drain();
  await Promise.all(waiting);
});

test('lists: one caller runs a few at a time, and another does not wait behind the rest', async () => {
  const reads = { runningMax: 2, runningPerCallerMax: 1, waitingPerCallerMax: 2 };
  const { world, url } = await listen({ callerLimits: { reads } });
  const hold = Promise.withResolvers<void>();
  world.holdList = hold.promise;
  const greedy = Array.from({ length: 4 }, () => get(`${url}/v1/orders?limit=100`, fakeTokens.c1));
  const refused = await Promise.race(greedy);
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'SHARE_USED_UP' });
  world.holdList = null;
  expect((await get(`${url}/v1/orders?limit=100`, fakeTokens.c2)).status).toBe(200);
  hold.resolve();
  const statuses = (await Promise.all(greedy)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([200, 200, 200, 429]);
});

const batchHead = (token: string, bytes: number) =>
  `POST /v1/orders/batch HTTP/1.1\r\nHost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The status of the response to the written request. */
async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return String(bytes).slice(9, 12);
}

const body = JSON.stringify({ orders: [{ idempotencyKey: 'k', order: sampleOrder() }] }).padEnd(100_000);

describe('batches', () => {
  const limits = { receivingBytesMax: 400_000, wastedBytesMax: 150_000, wastedBytesPerSecond: 0 };

  test('without bodies: one caller gets half of the budget, and the batch of another caller is accepted', async () => {
    const { port } = await listen({ callerLimits: { bodies: limits } });
    for (let i = 0; i < 2; i++) (await open(port)).write(batchHead(fakeTokens.c1, 100_000));
    await expect
      .poll(async () => answerTo(await open(port), batchHead(fakeTokens.c1, 100_000) + body))
      .toBe('429');
    expect(await answerTo(await open(port), batchHead(fakeTokens.c2, 100_000) + body)).toBe('200');
  });

  test('aborted batches count against their caller', async () => {
    const { port } = await listen({ callerLimits: { bodies: limits } });
    for (let i = 0; i < 2; i++) {
      const socket = await open(port);
      socket.end(batchHead(fakeTokens.c1, 100_000) + body.slice(0, 1_000));
      await once(socket.resume(), 'close');
    }
    await expect
      .poll(async () => answerTo(await open(port), batchHead(fakeTokens.c1, 100_000) + body))
      .toBe('429');
    expect(await answerTo(await open(port), batchHead(fakeTokens.c2, 100_000) + body)).toBe('200');
  });

  test('refused batches count against their caller', async () => {
    const { port } = await listen({ callerLimits: { bodies: limits } });
    const broken = batchHead(fakeTokens.c1, 100_000) + body.replace('{', '[');
    const statuses: string[] = [];
    for (let i = 0; i < 3; i++) statuses.push(await answerTo(await open(port), broken));
    expect(statuses).toEqual(['400', '400', '429']);
  });
});

test('forged tokens: the connections of one address take turns, and valid tokens are accepted', async () => {
  const tokenChecks = { badMax: 3, forgivenPerSecond: 0, checkingMs: 1, everyMs: 1, waitingMax: 1_000 };
  const { url } = await listen({ callerLimits: { tokenChecks } });
  const forged = Array.from({ length: 50 }, (_, n) => get(`${url}/v1/orders`, `forged-${n}`));
  expect((await get(`${url}/v1/orders`, fakeTokens.c2)).status).toBe(200);
  expect(new Set((await Promise.all(forged)).map(({ status }) => status))).toEqual(new Set([401]));
});

test('a stream ends when its token expires, with an event that gives the reason', async () => {
  const { world, url } = await listen();
  const id = await decidedOrder(world, fakeTokens.c1);
  const stream = await get(`${url}/v1/orders/${id}/events`, fakeTokens.expired);
  expect(stream.status).toBe(200);
  world.streams.beat();
  expect(await stream.text()).toMatch(/event: closed\ndata: \{"code":"TOKEN_EXPIRED"/);
});

describe('a late event loop', () => {
  const asking = (world: ReturnType<typeof createFakeWorld>, token: string, key: string) => {
    const request = placeRequest(key, sampleOrder(), { authorization: `Bearer ${token}` });
    return world.app.inject(request);
  };

  test('refuses the caller that causes the load, and admits the other', async () => {
    const world = createFakeWorld({ knowsTokens: true });
    for (let n = 0; n < 40; n++) await asking(world, fakeTokens.c1, `g${n}`);
    await asking(world, fakeTokens.c2, 'm0');
    world.refusal = 'event_loop';
    expect((await asking(world, fakeTokens.c1, 'g')).statusCode).toBe(503);
    expect((await asking(world, fakeTokens.c2, 'm1')).statusCode).toBe(202);
  });

  test.each([
    ['the only caller', 'event_loop' as const],
    ['all callers if the outcomes are late', 'lag' as const],
  ])('refuses %s', async (_who, refusal) => {
    const world = createFakeWorld({ knowsTokens: true });
    if (refusal === 'lag') for (let n = 0; n < 40; n++) await asking(world, fakeTokens.c1, `g${n}`);
    world.refusal = refusal;
    expect((await asking(world, fakeTokens.c2, 'm')).statusCode).toBe(503);
  });
});

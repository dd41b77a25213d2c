import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createOrderApi, type OrderApi } from './order-api.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A busy machine may be slow to answer. Only a test of silence has a shorter time. */
const answerTimeoutMs = 30_000;

/** An API client of a server that responds to all requests with `answer`. */
async function apiThatAnswers(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  requestTimeoutMs = answerTimeoutMs,
): Promise<OrderApi> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createOrderApi({
    baseUrl: `http://127.0.0.1:${port}`,
    tokenFor: () => 'token',
    requestTimeoutMs,
  });
}

const orders = [{ idempotencyKey: 'k"\\1', order: { currency: 'EUR' } }];

function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

describe('placing', () => {
  test('sends the token and the orders, and returns each result with its status URL', async () => {
    let seen: { authorization: string | undefined; body: unknown } | null = null;
    const api = await apiThatAnswers(async (request, response) => {
      seen = { authorization: request.headers.authorization, body: await bodyOf(request) };
      const items = [{ index: 0, status: 200, id: 'o1', statusUrl: '/v1/orders/o1?t=1.2.x', replayed: true }];
      json(200, { items })(request, response);
    });
    expect(await api.placeAll('c1', orders)).toEqual({
      kind: 'answered',
      results: [
        { kind: 'accepted', id: 'o1', statusUrl: '/v1/orders/o1?t=1.2.x', replayed: true, isDecided: true },
      ],
    });
    expect(seen).toEqual({ authorization: 'Bearer token', body: { orders } });
  });

  test.each([
    [400, { kind: 'refused', status: 400, code: 'C', detail: 'why' }],
    [422, { kind: 'refused', status: 422 }],
    [409, { kind: 'later', scope: 'caller', afterMs: 2000 }],
    [429, { kind: 'later', scope: 'caller', afterMs: 2000 }],
    [503, { kind: 'later', scope: 'everyone', afterMs: 2000 }],
    [500, { kind: 'unknown' }],
  ])('status %i for the batch and for one order is %o', async (status, expected) => {
    const headers = { 'retry-after': '2' };
    const whole = await apiThatAnswers(json(status, { code: 'C', detail: 'why' }, headers));
    expect(await whole.placeAll('c1', orders)).toMatchObject(expected);
    const problem = { code: 'C', detail: 'why' };
    const one = await apiThatAnswers(json(200, { items: [{ index: 0, status, problem }] }, headers));
    expect(await one.placeAll('c1', orders)).toMatchObject({ kind: 'answered', results: [expected] });
  });

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['a reset', (request) => request.socket.destroy()],
    ['an HTML page of a proxy', (_request, response) => response.end('<html>')],
    ['a response without results', json(200, { items: [] })],
  ])('%s leaves the outcome unknown', async (_what, answer) => {
    const api = await apiThatAnswers(answer);
    expect(await api.placeAll('c1', orders)).toMatchObject({ kind: 'unknown' });
  });

  test('silence leaves the outcome unknown, after the time of a request', async () => {
    const api = await apiThatAnswers(() => undefined, 50);
    expect(await api.placeAll('c1', orders)).toMatchObject({ kind: 'unknown' });
  });
});

describe('reading', () => {
  test('returns the order, and refuses an invalid response', async () => {
    const order = { id: 'o1', version: 0, status: 'QUEUED' };
    let asked: IncomingMessage | null = null;
    const api = await apiThatAnswers((request, response) => {
      asked = request;
      json(200, order)(request, response);
    });
    expect(await api.read('c1', '/v1/orders/o1?t=1.2.x', 5)).toEqual({ kind: 'order', order });
    expect(asked).toMatchObject({ url: '/v1/orders/o1?t=1.2.x', headers: { prefer: 'wait=5' } });
    const other = await apiThatAnswers(json(200, { hello: 1 }));
    expect(await other.read('c1', '/v1/orders/o1', 0)).toMatchObject({ kind: 'unknown' });
  });

  test('returns a page and whether another page exists', async () => {
    const order = { id: 'o1', version: 1, status: 'REJECTED' };
    const api = await apiThatAnswers(json(200, { items: [order], nextCursor: 'c' }));
    expect(await api.list('c1', null)).toEqual({ kind: 'page', orders: [order], nextCursor: 'c' });
    const last = await apiThatAnswers(json(200, { items: [] }));
    expect(await last.list('c1', 'c')).toEqual({ kind: 'page', orders: [], nextCursor: null });
  });
});

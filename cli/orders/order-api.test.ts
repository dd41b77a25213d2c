import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createOrderApi, type OrderApi } from './order-api.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** An API client in front of a server that answers everything with `answer`. */
async function apiThatAnswers(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
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
    requestTimeoutMs: 200,
  });
}

const input = { customerId: 'c1', idempotencyKey: 'k"\\1', order: { currency: 'EUR' } };

function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

describe('placing', () => {
  test('sends the token and the quoted key, and takes the status URL with its ticket', async () => {
    let seen: IncomingMessage['headers'] = {};
    const api = await apiThatAnswers((request, response) => {
      seen = request.headers;
      json(
        202,
        { id: 'o1', status: 'QUEUED', statusUrl: '/v1/orders/o1?t=1.2.x' },
        { 'retry-after': '3' },
      )(request, response);
    });
    expect(await api.place(input)).toEqual({
      kind: 'accepted',
      id: 'o1',
      statusUrl: '/v1/orders/o1?t=1.2.x',
      replayed: false,
      order: null,
      pollAfterMs: 3000,
    });
    expect(seen['authorization']).toBe('Bearer token');
    expect(seen['idempotency-key']).toBe('"k\\"\\\\1"');
  });

  test('takes the order of a replay as its outcome', async () => {
    const order = { id: 'o1', version: 1, status: 'REJECTED' };
    const api = await apiThatAnswers(json(200, order, { 'idempotent-replayed': 'true' }));
    expect(await api.place(input)).toMatchObject({ kind: 'accepted', replayed: true, order });
  });

  test.each([
    [400, { kind: 'refused', status: 400, code: 'C', detail: 'why' }],
    [422, { kind: 'refused', status: 422 }],
    [409, { kind: 'later', scope: 'caller', afterMs: 2000 }],
    [429, { kind: 'later', scope: 'caller', afterMs: 2000 }],
    [503, { kind: 'later', scope: 'everyone', afterMs: 2000 }],
    [500, { kind: 'unknown' }],
  ])('%i is %o', async (status, expected) => {
    const api = await apiThatAnswers(json(status, { code: 'C', detail: 'why' }, { 'retry-after': '2' }));
    expect(await api.place(input)).toMatchObject(expected);
  });

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['a reset', (request) => request.socket.destroy()],
    ['silence', () => undefined],
    ['an answer without an id', json(202, {})],
  ])('%s leaves the outcome unknown', async (_what, answer) => {
    const api = await apiThatAnswers(answer);
    expect(await api.place(input)).toMatchObject({ kind: 'unknown' });
  });
});

describe('reading', () => {
  test('tells the order, and refuses what is no order', async () => {
    const order = { id: 'o1', version: 0, status: 'QUEUED' };
    const api = await apiThatAnswers(json(200, order));
    expect(await api.read({ customerId: 'c1', url: '/v1/orders/o1' })).toEqual({
      kind: 'order',
      order,
      pollAfterMs: 1000,
    });
    const other = await apiThatAnswers(json(200, { hello: 1 }));
    expect(await other.read({ customerId: 'c1', url: '/' })).toMatchObject({ kind: 'unknown' });
  });
});

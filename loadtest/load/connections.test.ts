import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../tests/support/until.ts';
import { type Connections, openConnections } from './connections.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const answer = (fields = ''): string => `HTTP/1.1 202 Accepted\r\n${fields}content-length: 2\r\n\r\n{}`;

/** A server that calls `onRequest` with each request and the number of requests on its connection so far. */
async function openServer(onRequest: (socket: Socket, before: number) => void): Promise<Server> {
  const server = createServer((socket) => {
    let before = 0;
    socket.on('data', () => onRequest(socket, before++)).on('error', () => undefined);
    closers.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return server;
}

function connectionsTo(server: Server): Connections {
  const { port } = server.address() as AddressInfo;
  const connections = openConnections({ host: '127.0.0.1', port });
  closers.push(() => connections.close());
  return connections;
}

/** Sends a request and resolves with its status, or with the reason why it has none. */
function call(connections: Connections, onSent = (): void => undefined): Promise<number | string> {
  return new Promise((resolve) => {
    connections.send({
      encode: () => Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      onSent,
      onAnswer: ({ status }) => resolve(status),
      onFailed: resolve,
      onDropped: () => resolve('dropped'),
    });
  });
}

test('a connection is used again', async () => {
  const counts: number[] = [];
  const server = await openServer((socket, before) => {
    counts.push(before);
    socket.write(answer());
  });
  const connections = connectionsTo(server);
  for (let i = 0; i < 3; i++) expect(await call(connections)).toBe(202);
  expect(counts).toEqual([0, 1, 2]);
});

test('a connection that the server wants to close is not used again', async () => {
  const server = await openServer((socket, before) => {
    if (before === 0) socket.write(answer('Connection: close\r\n'));
    else socket.destroy();
  });
  const connections = connectionsTo(server);
  for (let i = 0; i < 3; i++) expect(await call(connections)).toBe(202);
});

test('requests do not wait for the answers of others', async () => {
  const waiting: Socket[] = [];
  const server = await openServer((socket) => void waiting.push(socket));
  const connections = connectionsTo(server);
  const calls = Array.from({ length: 50 }, () => call(connections));
  await until(() => waiting.length === 50, { what: 'all requests at the server' });
  expect(connections.open()).toBe(50);
  for (const socket of waiting) socket.write(answer());
  expect(new Set(await Promise.all(calls))).toEqual(new Set([202]));
  expect([connections.open(), connections.silentMs(), connections.trouble()]).toEqual([0, 0, null]);
});

test('requests wait while nothing listens, and arrive once the server is back', async () => {
  const first = await openServer(() => undefined);
  const { port } = first.address() as AddressInfo;
  first.close();
  await once(first, 'close');
  const connections = connectionsTo({ address: () => ({ port }) } as unknown as Server);
  const waiting = call(connections);
  await until(() => connections.trouble() !== null, { what: 'a refused connection' });
  expect(connections.trouble()).toMatch(/ECONNREFUSED/);
  expect(connections.silentMs()).toBeGreaterThan(0);
  const second = createServer((socket) => {
    socket.on('data', () => socket.write(answer())).on('error', () => undefined);
    closers.push(() => socket.destroy());
  });
  second.listen(port, '127.0.0.1');
  closers.push(() => second.close());
  expect(await waiting).toBe(202);
});

test('a broken connection fails its request with the reason', async () => {
  const server = await openServer((socket) => socket.destroy());
  const connections = connectionsTo(server);
  expect(await call(connections)).toMatch(/closed the connection|ECONNRESET/);
});

test('a request that waits for a connection can be dropped', async () => {
  const server = await openServer(() => undefined);
  const connections = connectionsTo(server);
  const waiting = call(connections);
  connections.dropWaiting();
  expect(await waiting).toBe('dropped');
  expect(connections.open()).toBe(0);
});

test('a close fails the requests without an answer', async () => {
  const server = await openServer(() => undefined);
  const connections = connectionsTo(server);
  let isSent = false;
  const reason = call(connections, () => {
    isSent = true;
  });
  await until(() => isSent, { what: 'the request is sent' });
  connections.close();
  expect(await reason).toBe('the run ended');
  expect(connections.open()).toBe(0);
});

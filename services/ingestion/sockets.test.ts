/** What a client may do to its connections, on a real socket. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createFakeWorld, fakeTokens } from './testing/fake-world.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(limits: NonNullable<Parameters<typeof createFakeWorld>[0]>['limits']): Promise<number> {
  const { app } = createFakeWorld({ limits });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => app.close());
  return Number(new URL(url).port);
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const request = `GET /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${fakeTokens.c1}\r\n\r\n`;

/** The status line of the answer, or `closed`. */
function answerOn(socket: Socket): Promise<string> {
  socket.write(request);
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes).slice(0, 12)));
    socket.once('close', () => resolve('closed'));
  });
}

test('one socket too many is dropped, those before it are served, and a free place is taken again', async () => {
  const port = await listen({ socketsMax: 4 });
  const sockets = await Promise.all(Array.from({ length: 4 }, () => open(port)));
  expect(await answerOn(sockets[0]!)).toBe('HTTP/1.1 200');
  const tooMany = await open(port);
  expect(await answerOn(tooMany)).toBe('closed');
  expect(await answerOn(sockets[3]!)).toBe('HTTP/1.1 200');
  sockets[1]!.destroy();
  await expect.poll(async () => answerOn(await open(port))).toBe('HTTP/1.1 200');
});

test('an idle connection is closed, one in use is not', async () => {
  const port = await listen({ keepAliveTimeoutMs: 300 });
  const socket = await open(port);
  expect(await answerOn(socket)).toBe('HTTP/1.1 200');
  expect(await answerOn(socket)).toBe('HTTP/1.1 200');
  socket.resume();
  await once(socket, 'close');
});

test('more requests at once than a connection may have open lose it', async () => {
  const port = await listen({ pipelineMax: 8 });
  const socket = await open(port);
  socket.resume();
  socket.write(request.repeat(200));
  await once(socket, 'close');
});

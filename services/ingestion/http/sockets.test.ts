/** The limits of connections, tested with real sockets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeWorld, fakeTokens } from '../testing/fake-world.ts';

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

/** The status line of the response, or `closed`. */
function answerOn(socket: Socket): Promise<string> {
  socket.write(request);
  socket.resume();
  return new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(String(bytes).slice(0, 12)));
    socket.once('close', () => resolve('closed'));
  });
}

test('drops a socket above the limit, serves earlier sockets, and reuses a free slot', async () => {
  const port = await listen({ socketsMax: 4 });
  const sockets = await Promise.all(Array.from({ length: 4 }, () => open(port)));
  expect(await answerOn(sockets[0]!)).toBe('HTTP/1.1 200');
  const tooMany = await open(port);
  expect(await answerOn(tooMany)).toBe('closed');
  expect(await answerOn(sockets[3]!)).toBe('HTTP/1.1 200');
  sockets[1]!.destroy();
  await expect.poll(async () => answerOn(await open(port))).toBe('HTTP/1.1 200');
});

test('closes an idle connection, but not a connection in use', async () => {
  const port = await listen({ keepAliveTimeoutMs: 300 });
  const socket = await open(port);
  expect(await answerOn(socket)).toBe('HTTP/1.1 200');
  expect(await answerOn(socket)).toBe('HTTP/1.1 200');
  socket.resume();
  await once(socket, 'close');
});

test('too many open requests close the connection', async () => {
  const port = await listen({ pipelineMax: 8 });
  const socket = await open(port);
  socket.resume();
  socket.write(request.repeat(200));
  await once(socket, 'close');
});

test.each([
  ['no Host', 'GET /v1/orders HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
  ['no Host at an unknown path', 'GET /nowhere HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
  ['an expectation', 'GET /v1/orders HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', 417, 'EXPECTATION_FAILED'],
])('%s is refused with a problem, and the connection is closed', async (_name, bytes, status, code) => {
  const socket = await open(await listen({}));
  let text = '';
  socket.on('data', (part) => (text += part));
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status}`);
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status, code });
});

test('HTTP/1.0 needs no Host, and the service responds to 100-continue', async () => {
  const socket = await open(await listen({}));
  const authorization = `Authorization: Bearer ${fakeTokens.c1}\r\n`;
  socket.write(`GET /v1/orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${authorization}\r\n`);
  const [first] = await once(socket, 'data');
  expect(String(first).slice(0, 12)).toBe('HTTP/1.1 100');
  const old = await open(await listen({}));
  old.write(`GET /v1/orders HTTP/1.0\r\n${authorization}\r\n`);
  const [answer] = await once(old, 'data');
  expect(String(answer).slice(0, 12)).toBe('HTTP/1.1 200');
});

describe('a body whose response is sent before it is read', () => {
  const headOf = (length: number | null, token: string) =>
    `POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
    `${length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`;
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);

  /** Sends the whole body before it reads anything, as many clients do. */
  async function sendAll(socket: Socket, head: string, parts: readonly (Buffer | string)[]): Promise<void> {
    socket.pause();
    socket.write(head);
    for (const part of parts)
      await new Promise<void>((resolve, reject) => {
        socket.write(part, (error) => (error ? reject(error) : resolve()));
      });
  }

  test.each([
    ['with its length', 413, fakeTokens.c1, false],
    ['in chunks', 413, fakeTokens.c1, true],
    ['without a valid token', 401, 'nobody', false],
  ])(
    '%s: the client can send all of it, reads %i, and uses the connection again',
    async (_name, status, token, chunked) => {
      const socket = await open(await listen({}));
      const chunk = [`${megabyte.length.toString(16)}\r\n`, megabyte, '\r\n'];
      const parts = chunked
        ? [...Array.from({ length: 6 }, () => chunk).flat(), '0\r\n\r\n']
        : Array.from({ length: 6 }, () => megabyte);
      await sendAll(socket, headOf(chunked ? null : 6 * megabyte.length, token), parts);
      expect(await answerOn(socket)).toBe(`HTTP/1.1 ${status}`);
      expect(await answerOn(socket)).toBe('HTTP/1.1 200');
    },
  );

  test('a Node client reads the problem', async () => {
    const port = await listen({});
    const body = 'x'.repeat(8 * megabyte.length);
    const headers = { authorization: `Bearer ${fakeTokens.c1}`, 'content-type': 'application/json' };
    for (let n = 0; n < 5; n++) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/orders`, { method: 'POST', headers, body });
      expect(await answer.json()).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    }
  });

  test('the service reads only a bounded part of the body', async () => {
    const socket = await open(await listen({}));
    socket.resume();
    socket.write(headOf(1024 * megabyte.length, fakeTokens.c1));
    const write = () =>
      new Promise<boolean>((resolve) => socket.write(megabyte, (error) => resolve(error == null)));
    let sent = 0;
    while (sent < 64 && (await write())) sent += 1;
    expect(sent).toBeLessThan(64);
  });
});

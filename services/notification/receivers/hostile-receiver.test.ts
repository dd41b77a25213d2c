/**
 * Attacks by the owner of an endpoint: every post ends in time, with a result, and leaves no open connection.
 */
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { drip, type RawReceiver, startRawReceiver } from '../testing/raw-receiver.ts';
import { createAddressGuard } from './address-guard.ts';
import { createNameResolver } from './name-resolver.ts';
import { createWebhookPoster, type WebhookPoster } from './webhook.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
let poster: WebhookPoster;
let receiver: RawReceiver | undefined;

beforeEach(() => {
  poster = createWebhookPoster({
    guard: createAddressGuard(['127.0.0.1'], createNameResolver({ clock: systemClock })),
    clock: systemClock,
    timeoutMs: 300,
  });
});
afterEach(async () => {
  poster.close();
  await receiver?.close();
});

async function post(onPost: (socket: Socket) => void) {
  receiver = await startRawReceiver(onPost);
  const endpoint = {
    id: 'e1',
    customerId: 'c1',
    url: receiver.url,
    filter: null,
    secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
    previousSecret: null,
    previousUntilMs: null,
    enabled: true,
    paused: false,
  };
  return poster.post(endpoint, { id: '1-1', payload: '{}' });
}

const noAnswer = { kind: 'failed', status: null, error: 'no answer within 300 ms', hostTrouble: true };

it.each([
  ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['early hints without end', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
  ['a head without end', 'x: y\r\n'],
])('%s', async (_what, text) => {
  const result = await post((socket) => {
    if (text.startsWith('x')) socket.write(ok);
    drip(socket, text);
  });
  expect(result).toEqual({ ...noAnswer, retryAfterMs: null });
  await expect.poll(() => receiver!.open()).toBe(0);
});

it.each([
  [
    'switching protocols',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    101,
  ],
  ['an invented status', 'HTTP/1.1 999 Why\r\ncontent-length: 0\r\n\r\n', 999],
  ['a head that is too long', `${ok}x: ${'y'.repeat(100_000)}\r\n\r\n`, null],
  ['not HTTP at all', 'SSH-2.0-OpenSSH_9.9\r\n', null],
  ['two lengths', `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nxy`, null],
  ['a length and chunks', `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, null],
  ['a length that is not a number', `${ok}content-length: -1\r\n\r\n`, null],
  ['a name with a space', `${ok}x y: z\r\n\r\n`, null],
  ['a status that is not a number', 'HTTP/1.1 2x0 OK\r\n\r\n', null],
  [
    'a redirect to an internal address',
    'HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
    307,
  ],
])('%s', async (_what, text, status) => {
  expect(await post((socket) => void socket.write(text))).toMatchObject({ kind: 'failed', status });
});

it('a connection that is closed without an answer', async () => {
  expect(await post((socket) => socket.end())).toMatchObject({ kind: 'failed', hostTrouble: true });
});

it('a slow or missing body, which leaves no connection open', async () => {
  for (const text of ['x', '']) {
    const result = await post((socket) => {
      socket.write(`${ok}content-length: 100000\r\n\r\n`);
      drip(socket, text);
    });
    expect(result).toEqual({ kind: 'delivered', status: 200 });
    await expect.poll(() => receiver!.open()).toBe(0);
    await receiver!.close();
  }
});

it.each([
  ['a body that breaks off', (socket: Socket) => void setTimeout(() => socket.resetAndDestroy(), 10)],
  ['a body where none is allowed', (socket: Socket) => void socket.write('garbage')],
])('a status counts, whatever comes after it: %s', async (_what, follow) => {
  const result = await post((socket) => {
    socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 3\r\n\r\n');
    follow(socket);
  });
  expect(result).toEqual({ kind: 'delivered', status: 202 });
});

it('a second answer before the next post', async () => {
  const twice = `${ok}content-length: 0\r\n\r\n`.repeat(2);
  expect(await post((socket) => void socket.write(twice))).toMatchObject({ kind: 'delivered' });
  await expect.poll(() => receiver!.open()).toBe(0);
});

import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import type { Endpoint } from '../endpoints.ts';
import { answerStatus, type Receiver, startReceiver } from '../testing/receiver.ts';
import { createAddressGuard } from './address-guard.ts';
import { createNameResolver } from './name-resolver.ts';
import { createWebhookPoster, type WebhookPoster } from './webhook.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const older = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
const message = { id: '3-17', payload: '{"type":"order.accepted","data":{"id":"ü"}}' };
let receiver: Receiver;
let poster: WebhookPoster;

const endpoint = (different: Partial<Endpoint> = {}): Endpoint => ({
  id: 'e1',
  customerId: 'c1',
  url: receiver.url,
  filter: null,
  secret,
  previousSecret: null,
  previousUntilMs: null,
  enabled: true,
  paused: false,
  ...different,
});
/** A busy machine may be slow to answer. Only the test of a receiver that hangs has a shorter time. */
const answerTimeoutMs = 30_000;
const open = (allowed = ['127.0.0.1'], timeoutMs = answerTimeoutMs) =>
  createWebhookPoster({
    guard: createAddressGuard(allowed, createNameResolver({ clock: systemClock })),
    clock: systemClock,
    timeoutMs,
  });

beforeEach(async () => {
  receiver = await startReceiver();
  poster = open();
});
afterEach(async () => {
  poster.close();
  await receiver.close();
});

describe('signature', () => {
  it('verifies with the library of the receiver, and contains the event id', async () => {
    expect(await poster.post(endpoint(), message)).toEqual({ kind: 'delivered', status: 200 });
    const [one] = receiver.received;
    expect(one!.headers['webhook-id']).toBe('3-17');
    expect(new Webhook(secret).verify(one!.body, one!.headers)).toMatchObject({ type: 'order.accepted' });
  });

  it('verifies with both secrets during a rotation, and only with the new one afterwards', async () => {
    const rotating = { previousSecret: older, previousUntilMs: Date.now() + 60_000 };
    await poster.post(endpoint(rotating), message);
    await poster.post(endpoint({ ...rotating, previousUntilMs: Date.now() - 1 }), message);
    const [during, after] = receiver.received;
    for (const key of [secret, older]) new Webhook(key).verify(during!.body, during!.headers);
    new Webhook(secret).verify(after!.body, after!.headers);
    expect(() => new Webhook(older).verify(after!.body, after!.headers)).toThrow();
  });
});

describe('answers', () => {
  it.each([
    [204, { kind: 'delivered' }],
    [301, { kind: 'failed', hostTrouble: false }],
    [404, { kind: 'failed', hostTrouble: false, retryAfterMs: null }],
    [410, { kind: 'gone' }],
    [500, { kind: 'failed', hostTrouble: true, retryAfterMs: null }],
    [503, { kind: 'failed', hostTrouble: true, retryAfterMs: 7_000 }],
    [429, { kind: 'failed', hostTrouble: true, retryAfterMs: 7_000 }],
  ])('%i', async (status, expected) => {
    receiver.answerWith(answerStatus(status, { 'retry-after': '7', location: 'http://127.0.0.1:1/' }));
    expect(await poster.post(endpoint(), message)).toMatchObject({ status, ...expected });
    expect(receiver.received).toHaveLength(1);
  });

  it('gives up on a receiver that accepts the message and does not answer', async () => {
    receiver.answerWith(() => undefined);
    poster.close();
    poster = open(['127.0.0.1'], 300);
    const result = await poster.post(endpoint(), message);
    expect(result).toMatchObject({ kind: 'failed', error: 'no answer within 300 ms', hostTrouble: true });
  });

  it('accepts the status of a receiver whose body never ends', async () => {
    receiver.answerWith((_one, response) => {
      response.writeHead(200);
      response.write('x'.repeat(200_000));
    });
    expect(await poster.post(endpoint(), message)).toMatchObject({ kind: 'delivered' });
  });

  it('reports a reset connection', async () => {
    receiver.answerWith((_one, response) => void response.socket?.resetAndDestroy());
    expect(await poster.post(endpoint(), message)).toMatchObject({ kind: 'failed', hostTrouble: true });
  });
});

describe('guard', () => {
  it('refuses internal addresses, also behind a name', async () => {
    const guarded = open([]);
    const port = new URL(receiver.url).port;
    const refused = [
      'http://127.0.0.1',
      'http://localhost',
      'https://localhost',
      'http://[::1]',
      'http://0x7f000001',
      'http://2130706433',
      'http://0177.0.0.1',
      'http://127.1',
      'https://127.0.0.1.',
      'http://①②⑦.0.0.1',
      'http://[::ffff:127.0.0.1]',
      'http://[::ffff:7f00:1]',
      'http://[64:ff9b::7f00:1]',
      'https://0',
    ];
    for (const host of refused) {
      const result = await guarded.post(endpoint({ url: `${host}:${port}/` }), message);
      expect(result).toMatchObject({ kind: 'failed', status: null });
    }
    expect(receiver.received).toEqual([]);
    guarded.close();
  });

  it('refuses other schemes, credentials and a broken secret, without throwing', async () => {
    for (const url of ['file:///etc/passwd', 'http://u:p@127.0.0.1/', 'nonsense']) {
      expect(await poster.post(endpoint({ url }), message)).toMatchObject({ kind: 'failed' });
    }
    expect(await poster.post(endpoint({ secret: '%' }), message)).toMatchObject({ kind: 'failed' });
  });
});

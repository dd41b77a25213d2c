import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from './index.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newer = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const payload = '{"type":"payment.captured","note":"Zürich"}';
const nowMs = 1_700_000_000_000;
const raw = Buffer.from(payload);

const signed = (secrets: readonly string[], atMs = nowMs) =>
  ({ ...signWebhook(secrets, { id: 'evt_1', payload }, atMs) }) as Record<string, string>;

describe('signWebhook', () => {
  it('signs the published example of the specification', () => {
    const atMs = 1_614_265_330_000;
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', payload: '{"test": 2432232314}' };
    expect(signWebhook([secret], message, atMs)['webhook-signature']).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('agrees with the library of the specification, also for text outside of ASCII', () => {
    const atMs = Date.now();
    expect(() => new Webhook(secret).verify(payload, signed([secret], atMs))).not.toThrow();
  });
});

describe('verifyWebhook', () => {
  it('accepts what the library signs', () => {
    const signature = new Webhook(secret).sign('evt_1', new Date(nowMs), payload);
    const headers = { ...signed([secret]), 'webhook-signature': signature };
    expect(verifyWebhook([secret], headers, raw, nowMs)).toBe('valid');
  });

  it.each([
    ['the sender signs with both secrets and the receiver has the old one', [newer, secret], [secret]],
    ['the sender signs with both secrets and the receiver has the new one', [newer, secret], [newer]],
    ['the sender has the old secret and the receiver has both', [secret], [newer, secret]],
  ])('accepts a rotation in which %s', (_when, senders, receivers) => {
    expect(verifyWebhook(receivers, signed(senders), raw, nowMs)).toBe('valid');
  });

  it.each([
    ['another secret', [newer], {}],
    ['another id', [secret], { 'webhook-id': 'evt_2' }],
    ['another time', [secret], { 'webhook-timestamp': String(nowMs / 1000 + 1) }],
    ['a time that is no number', [secret], { 'webhook-timestamp': 'now' }],
    [
      'a signature of another version',
      [secret],
      { 'webhook-signature': signed([secret])['webhook-signature']!.replace('v1', 'v2') },
    ],
    [
      'a signature that is cut',
      [secret],
      { 'webhook-signature': signed([secret])['webhook-signature']!.slice(0, 20) },
    ],
    ['no secret', [], {}],
  ])('refuses %s', (_what, secrets, changed) => {
    expect(verifyWebhook(secrets, { ...signed([secret]), ...changed }, raw, nowMs)).toBe('forged');
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'refuses a message without %s',
    (name) => {
      const { [name]: _gone, ...rest } = signed([secret]);
      expect(verifyWebhook([secret], rest, raw, nowMs)).toBe('forged');
    },
  );

  it('refuses one changed byte of the body', () => {
    const changed = Buffer.from(raw);
    changed[5]! ^= 1;
    expect(verifyWebhook([secret], signed([secret]), changed, nowMs)).toBe('forged');
  });

  it.each([
    [300_000, 'valid'],
    [300_001, 'old'],
    [-300_000, 'valid'],
    [-301_000, 'old'],
  ])('judges a signature from %i ms ago as %s', (ageMs, verdict) => {
    expect(verifyWebhook([secret], signed([secret], nowMs - ageMs), raw, nowMs)).toBe(verdict);
  });
});

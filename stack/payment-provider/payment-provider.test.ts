/** The real process of the local provider, through the adapter that the product uses. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ProviderRecord } from '../../services/shared/payment-provider/index.ts';
import {
  adapterOf,
  type CallbackReceiver,
  control,
  type ProviderProcess,
  payOnPage,
  receiveCallbacks,
  signingSecret,
  spawnProvider,
} from '../../tests/support/programs/payment-provider.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'provider-'));
let file: string;
let receiver: CallbackReceiver;
let provider: ProviderProcess;
let adapter: ReturnType<typeof adapterOf>;

beforeEach(async () => {
  file = path.join(dir, randomUUID(), 'state.sqlite');
  receiver = await receiveCallbacks();
  provider = await spawnProvider({ file, callbackUrl: receiver.url });
  adapter = adapterOf(provider.url);
});

afterEach(async () => {
  adapter.close();
  await provider.end();
  await receiver.close();
  rmSync(path.dirname(file), { recursive: true, force: true });
});

const inAnHour = (): number => Date.now() + 3_600_000;
const session = (orderId: string, more: object = {}) => ({
  orderId,
  amount: 5_000,
  currency: 'EUR',
  expiresAtMs: inAnHour(),
  returnUrl: null,
  ...more,
});

async function openSession(orderId: string, more: object = {}): Promise<string> {
  const result = await adapter.createSession(session(orderId, more));
  if (result.status !== 'created') throw new Error(result.reason);
  return result.url;
}

/** A captured payment of 5,000 EUR, or of another amount. */
async function capture(amount = 5_000, currency = 'EUR'): Promise<string> {
  const { payment } = (await control(provider.url, 'POST', '/v1/transfers', {
    reference: randomUUID(),
    amount,
    currency,
  })) as { payment: string };
  return payment;
}

const refundOf = (providerPaymentId: string, more: object = {}) => ({
  refundId: randomUUID(),
  providerPaymentId,
  amount: 5_000,
  currency: 'EUR',
  ...more,
});

it('takes a payment on the page of a session and reports the capture', async () => {
  const orderId = randomUUID();
  const url = await openSession(orderId);
  const { payments } = await payOnPage(url, { result: 'paid' });
  await expect
    .poll(() => receiver.events())
    .toEqual([
      {
        kind: 'captured',
        eventId: expect.stringMatching(/^evt_/),
        reference: orderId,
        providerPaymentId: payments[0],
        amount: 5_000,
        currency: 'EUR',
      },
    ]);
});

it('returns the same session for the same order, whatever the body', async () => {
  const orderId = randomUUID();
  const first = await adapter.createSession(session(orderId));
  expect(await adapter.createSession(session(orderId, { amount: 1 }))).toEqual(first);
});

it('shows the amount of the session in its currency', async () => {
  const page = await fetch(await openSession(randomUUID(), { amount: 9_899, currency: 'JPY' }));
  expect(await page.text()).toContain('JPY&#160;9,899'.replace('&#160;', '\u00a0'));
});

it('takes no second payment of a session, and none after its expiry', async () => {
  const url = await openSession(randomUUID());
  await payOnPage(url, { result: 'paid' });
  expect((await payOnPage(url, { result: 'paid' })).status).toBe(409);
  const expired = await openSession(randomUUID(), { expiresAtMs: Date.now() });
  expect((await payOnPage(expired, { result: 'paid' })).status).toBe(409);
});

it('reports a declined attempt as not final, and a customer who gave up as final', async () => {
  const url = await openSession(randomUUID());
  await payOnPage(url, { result: 'declined' });
  await payOnPage(url, { result: 'failed' });
  await expect
    .poll(() =>
      receiver.events().flatMap((event) => (event.kind === 'failed' ? [[event.isFinal, event.reason]] : [])),
    )
    .toEqual([
      [false, 'card_declined'],
      [true, 'given_up'],
    ]);
});

it.each([
  [{ currency: 'XXX' }, /CURRENCY_UNKNOWN/],
  [{ amount: 1_000_000_000_000 }, /AMOUNT_TOO_LARGE/],
])('opens no session for %o', async (more, reason) => {
  const result = await adapter.createSession(session(randomUUID(), more));
  expect(result).toEqual({ status: 'refused', reason: expect.stringMatching(reason) });
});

it('refunds 9899 JPY as 9899', async () => {
  const payment = await capture(9_899, 'JPY');
  const refund = refundOf(payment, { amount: 9_899, currency: 'JPY' });
  const made = {
    status: 'succeeded',
    providerRefundId: expect.stringMatching(/^re_/),
    failureCode: null,
    amount: 9_899,
    currency: 'JPY',
  };
  expect(await adapter.refund(refund)).toEqual(made);
  expect(await adapter.findRefund(refund.refundId, payment)).toEqual(made);
});

it('makes one refund per key, however many requests it gets', async () => {
  const refund = refundOf(await capture());
  const first = await adapter.refund(refund);
  expect(await adapter.refund(refund)).toEqual(first);
  expect(await adapter.refund({ ...refund, amount: 1 })).toMatchObject({ status: 'unknown' });
});

it('refuses a refund above the payment and a refund of an unknown payment', async () => {
  const payment = await capture();
  await adapter.refund(refundOf(payment, { amount: 4_000 }));
  expect(await adapter.refund(refundOf(payment, { amount: 1_001 }))).toEqual({
    status: 'refused',
    code: 'REFUND_TOO_LARGE',
    reason: 'REFUND_TOO_LARGE: 1000 can be refunded',
  });
  expect(await adapter.refund(refundOf('pay_none'))).toMatchObject({ status: 'refused' });
});

it('makes another refund of a key that has expired', async () => {
  await control(provider.url, 'PUT', '/v1/faults', { keyMemoryMs: 0 });
  const payment = await capture();
  const refund = refundOf(payment, { amount: 2_000 });
  const first = await adapter.refund(refund);
  const second = await adapter.refund(refund);
  expect(second).toMatchObject({ status: 'succeeded' });
  expect(second).not.toEqual(first);
});

it('finds no refund of a key that never arrived', async () => {
  expect(await adapter.findRefund(randomUUID(), await capture())).toEqual({ status: 'none' });
});

it('carries a refund out although its answer is lost', async () => {
  const payment = await capture();
  const refund = refundOf(payment);
  await control(provider.url, 'PUT', '/v1/faults', { lostAnswers: 1 });
  expect(await adapter.refund(refund)).toMatchObject({ status: 'unknown' });
  await control(provider.url, 'PUT', '/v1/faults', { lostAnswers: 0 });
  expect(await adapter.findRefund(refund.refundId, payment)).toMatchObject({ status: 'succeeded' });
});

it.each(['errors', 'hangs'])('does nothing in a call that meets the fault %s', async (fault) => {
  const impatient = adapterOf(provider.url, 200);
  const payment = await capture();
  const refund = refundOf(payment);
  await control(provider.url, 'PUT', '/v1/faults', { [fault]: 1 });
  expect(await impatient.refund(refund)).toMatchObject({ status: 'unknown' });
  expect(await impatient.createSession(session(randomUUID()))).toMatchObject({ status: 'unavailable' });
  expect(await impatient.findRefund(refund.refundId, payment)).toMatchObject({ status: 'unknown' });
  await control(provider.url, 'PUT', '/v1/faults', { [fault]: 0 });
  expect(await impatient.findRefund(refund.refundId, payment)).toEqual({ status: 'none' });
  impatient.close();
});

it('settles a pending refund later, and lets a refund fail after its success', async () => {
  await control(provider.url, 'PUT', '/v1/faults', {
    pendingRefunds: 1,
    failuresAfterSuccess: 1,
    settleMs: 50,
  });
  const refund = refundOf(await capture());
  expect(await adapter.refund(refund)).toMatchObject({ status: 'pending' });
  await expect
    .poll(() =>
      receiver
        .events()
        .flatMap((event) => (event.kind === 'refund' ? [[event.refundId, event.succeeded]] : [])),
    )
    .toEqual([
      [refund.refundId, true],
      [refund.refundId, false],
    ]);
});

it('sends a callback several times, with the same id', async () => {
  await control(provider.url, 'PUT', '/v1/faults', { duplicates: 1 });
  await capture();
  await expect.poll(() => receiver.received.length).toBeGreaterThan(1);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

it('sends callbacks in another order than their events', async () => {
  await control(provider.url, 'PUT', '/v1/faults', { disorder: 1, disorderMs: 300 });
  const happened: string[] = [];
  for (let i = 0; i < 12; i++) happened.push(await capture());
  await expect.poll(() => receiver.received.length).toBe(12);
  const arrived = receiver.events().map((event) => event.providerPaymentId);
  expect(arrived).not.toEqual(happened);
  expect(arrived.toSorted()).toEqual(happened.toSorted());
});

it('captures a late payment after its session has expired', async () => {
  await control(provider.url, 'PUT', '/v1/faults', { latePayments: 1, lateMs: 300 });
  const expiresAtMs = Date.now() + 250;
  await payOnPage(await openSession(randomUUID(), { expiresAtMs }), { result: 'paid' });
  await expect.poll(() => receiver.events()).toMatchObject([{ kind: 'captured', amount: 5_000 }]);
  expect(Date.now()).toBeGreaterThan(expiresAtMs);
});

it('sends a refused callback again until it is accepted', async () => {
  receiver.answerNext(500, 401, 503);
  const payment = await capture();
  await expect.poll(() => receiver.events()).toMatchObject([{ providerPaymentId: payment }]);
});

it('signs with both secrets during a rotation, and then with the new one', async () => {
  const { secret } = (await control(provider.url, 'POST', '/v1/secrets', { keepMs: 3_600_000 })) as {
    secret: string;
  };
  const payment = await capture();
  await expect.poll(() => receiver.received.length).toBe(1);
  for (const one of [signingSecret, secret])
    expect(receiver.events([one])).toMatchObject([{ providerPaymentId: payment }]);
  await control(provider.url, 'POST', '/v1/secrets', { keepMs: 0 });
  await capture();
  await expect.poll(() => receiver.received.length).toBe(2);
  expect(() => receiver.events([signingSecret, secret])).toThrow('forged');
});

it('loses nothing when it is killed: sessions, refunds, waiting callbacks and timers', async () => {
  await receiver.close();
  await control(provider.url, 'PUT', '/v1/faults', { pendingRefunds: 1, settleMs: 1 });
  const orderId = randomUUID();
  const url = await openSession(orderId);
  const payment = await capture();
  const refund = refundOf(payment);
  await adapter.refund(refund);
  await provider.end('SIGKILL');
  const port = Number(new URL(receiver.url).port);
  receiver = await receiveCallbacks({ port });
  provider = await spawnProvider({
    file,
    callbackUrl: receiver.url,
    port: Number(new URL(provider.url).port),
  });
  expect(await openSession(orderId)).toBe(url);
  await expect
    .poll(() =>
      receiver
        .events()
        .map((event) => event.kind)
        .toSorted(),
    )
    .toEqual(['captured', 'refund']);
  expect(await adapter.findRefund(refund.refundId, payment)).toMatchObject({ status: 'succeeded' });
});

it('lists the captures and refunds of a period, page by page', async () => {
  const fromMs = Date.now();
  const payments: string[] = [];
  for (let i = 0; i < 501; i++) payments.push(await capture());
  await adapter.refund(refundOf(payments[0]!, { amount: 1 }));
  const records: ProviderRecord[] = [];
  for await (const record of adapter.list(fromMs, Date.now() + 1)) records.push(record);
  expect(
    records
      .filter(({ kind }) => kind === 'payment')
      .map((each) => each.providerPaymentId)
      .toSorted(),
  ).toEqual(payments.toSorted());
  expect(records.filter(({ kind }) => kind === 'refund')).toMatchObject([
    { providerPaymentId: payments[0], amount: 1 },
  ]);
  for await (const record of adapter.list(0, fromMs)) throw new Error(`${record.kind} is not of this time`);
});

it('returns no list if the provider has a fault', async () => {
  await control(provider.url, 'PUT', '/v1/faults', { errors: 1 });
  const records = adapter.list(0, Date.now())[Symbol.asyncIterator]();
  await expect(records.next()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
});

it('refuses a wrong key', async () => {
  const answer = await fetch(`${provider.url}/v1/faults`, { headers: { authorization: 'Bearer wrong' } });
  expect(answer.status).toBe(401);
});

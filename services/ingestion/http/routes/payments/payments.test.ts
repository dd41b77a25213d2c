/** Payment sessions and callbacks through the whole HTTP application, on fakes. */
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../application/common/failure.ts';
import type { StoredOrder } from '../../../application/read/order-rows.ts';
import { callbackRequest, callbackSecret } from '../../../testing/fake-payments.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../../../testing/fake-world.ts';

type World = ReturnType<typeof createFakeWorld>;
const hourMs = 3_600_000;

/** An order of customer c1 that waits for its payment, with these changes. */
async function placed(world: World, change: Partial<StoredOrder> = {}): Promise<string> {
  const { id } = (await world.app.inject(placeRequest(`key-${Math.random()}`))).json();
  world.decide(id);
  world.stored.set(id, { ...world.stored.get(id)!, paymentDueAtMs: Date.now() + hourMs, ...change });
  world.cached.clear();
  return id;
}

function open(world: World, id: string, body?: object, token = fakeTokens.c1) {
  return world.app.inject({
    method: 'POST',
    url: `/v1/orders/${id}/payment-sessions`,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { payload: body }),
  });
}

describe('POST /v1/orders/{id}/payment-sessions', () => {
  test('opens a session for the total, until the due time', async () => {
    const world = createFakeWorld();
    const dueAtMs = Date.now() + hourMs;
    const id = await placed(world, { paymentDueAtMs: dueAtMs, total: 9_899, currency: 'JPY' });
    const answer = await open(world, id, { returnUrl: 'https://shop.example.com/done' });
    expect([answer.statusCode, answer.json()]).toEqual([
      201,
      { url: `https://pay.example/${id}`, expiresAt: new Date(dueAtMs).toISOString() },
    ]);
    expect(world.asked).toEqual([
      {
        orderId: id,
        amount: 9_899,
        currency: 'JPY',
        expiresAtMs: dueAtMs,
        returnUrl: 'https://shop.example.com/done',
      },
    ]);
  });

  test('gives the same session again, whatever the body', async () => {
    const world = createFakeWorld();
    const id = await placed(world);
    const first = (await open(world, id)).json();
    const second = await open(world, id, { provider: 'local', returnUrl: 'https://other.example.com/' });
    expect([second.statusCode, second.json()]).toEqual([201, first]);
    expect(world.asked).toHaveLength(1);
  });

  test('an order that costs nothing has nothing to pay', async () => {
    const world = createFakeWorld();
    const id = await placed(world, { total: 0, status: 'PAID', paymentDueAtMs: null });
    expect((await open(world, id)).json()).toMatchObject({ status: 409, code: 'NOTHING_TO_PAY' });
    expect(world.asked).toEqual([]);
  });

  test.each([
    ['is cancelled', { status: 'CANCELLED' }],
    ['is paid', { status: 'PAID' }],
    ['is past its due time', { paymentDueAtMs: Date.now() - 1 }],
  ] as const)('an order that %s cannot be paid', async (_what, change) => {
    const world = createFakeWorld();
    const id = await placed(world, change);
    expect((await open(world, id)).json()).toMatchObject({ status: 409, code: 'NOT_PAYABLE' });
    expect(world.asked).toEqual([]);
  });

  test('a queued order cannot be paid yet', async () => {
    const world = createFakeWorld();
    const { statusUrl } = (await world.app.inject(placeRequest('queued'))).json();
    const [path, query] = statusUrl.split('?');
    const answer = await world.app.inject({
      method: 'POST',
      url: `${path}/payment-sessions?${query}`,
      headers: { authorization: `Bearer ${fakeTokens.c1}` },
    });
    expect(answer.json()).toMatchObject({ status: 409, code: 'NOT_PAYABLE' });
  });

  test('an order of another customer is not found', async () => {
    const world = createFakeWorld();
    expect((await open(world, await placed(world), {}, fakeTokens.c2)).statusCode).toBe(404);
    expect((await open(world, await placed(world), {}, fakeTokens.reader)).statusCode).toBe(403);
  });

  test.each([
    [{ provider: 'none' }, '/provider'],
    [{ provider: 'LOCAL' }, '/provider'],
    [{ returnUrl: 'javascript:alert(1)' }, '/returnUrl'],
    [{ returnUrl: 'https://[' }, '/returnUrl'],
    [{ amount: 1 }, '/amount'],
  ])('refuses the body %j', async (body, pointer) => {
    const world = createFakeWorld();
    const answer = await open(world, await placed(world), body);
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ pointer }] });
    expect(world.asked).toEqual([]);
  });

  test('a provider that does not answer is 503, and a later request opens the session', async () => {
    const world = createFakeWorld();
    const id = await placed(world);
    world.answers.push({ status: 'unavailable', reason: 'no answer within 10 ms' });
    const answer = await open(world, id);
    expect(answer.json()).toMatchObject({ status: 503, code: 'PROVIDER_UNAVAILABLE' });
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.body).not.toContain('no answer within');
    expect((await open(world, id)).statusCode).toBe(201);
  });

  test('an amount that the provider cannot take gets no session', async () => {
    const world = createFakeWorld();
    world.answers.push({ status: 'refused', reason: 'AMOUNT_TOO_LARGE' });
    expect((await open(world, await placed(world))).json()).toMatchObject({
      status: 409,
      code: 'NOT_PAYABLE',
    });
  });

  test('a database that is away is 503', async () => {
    const world = createFakeWorld();
    const id = await placed(world);
    world.mysqlAway = true;
    expect((await open(world, id)).json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
  });

  test('a caller whose calls of the provider hang does not delay another caller', async () => {
    const world = createFakeWorld({
      callerLimits: { providerTurns: { runningMax: 2, runningPerCallerMax: 1, waitingPerCallerMax: 1 } },
    });
    const never = new Promise<never>(() => undefined);
    world.answers.push(never);
    const hanging = await placed(world);
    void open(world, hanging).then(() => undefined);
    await expect.poll(() => world.asked.length).toBe(1);
    void open(world, await placed(world)).then(() => undefined);
    const refused = await open(world, await placed(world));
    expect(refused.json()).toMatchObject({ status: 429, code: 'SHARE_USED_UP' });
    const other = await placed(world, { customerId: 'c2' });
    expect((await open(world, other, {}, fakeTokens.c2)).statusCode).toBe(201);
  });
});

const orderId = '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11';
const captured = (data: object = {}) => ({
  id: 'evt_7',
  type: 'payment.captured',
  data: { payment: 'pay_9', reference: orderId, amount: 5_000, currency: 'EUR', ...data },
});

describe('POST /v1/payments/callbacks/{provider}', () => {
  test('a captured payment is a CONFIRM_PAYMENT command', async () => {
    const world = createFakeWorld();
    const answer = await world.app.inject(callbackRequest(captured()));
    expect([answer.statusCode, answer.json()]).toEqual([200, { events: 1 }]);
    expect(world.commands.map((command) => ({ ...command, payload: { ...command.payload } }))).toEqual([
      {
        commandId: 'confirm:12d826c9183f7eb436382c9cb8d55873',
        type: 'CONFIRM_PAYMENT',
        orderId,
        customerId: null,
        actor: 'provider:local',
        idempotencyKey: null,
        fingerprint: expect.any(Uint8Array),
        issuedAt: expect.any(Number),
        traceparent: null,
        sealed: null,
        payload: {
          provider: 'local',
          providerEventId: 'evt_7',
          amount: 5_000,
          currency: 'EUR',
          providerPaymentId: 'pay_9',
          kind: 'CAPTURED',
          reference: null,
        },
      },
    ]);
  });

  test.each([
    ['payment.declined', false],
    ['session.failed', true],
  ])('%s is a FAIL_PAYMENT command, final: %s', async (type, final) => {
    const world = createFakeWorld();
    const data = { payment: final ? null : 'pay_9', reference: orderId, reason: 'card_declined' };
    expect((await world.app.inject(callbackRequest({ id: 'evt_8', type, data }))).statusCode).toBe(200);
    expect(world.commands).toMatchObject([
      {
        type: 'FAIL_PAYMENT',
        orderId,
        payload: { provider: 'local', providerEventId: 'evt_8', final, reason: 'card_declined' },
      },
    ]);
  });

  test.each([
    ['refund.succeeded', true, null],
    ['refund.failed', false, 'account_closed'],
  ])('%s is a RECORD_REFUND command', async (type, succeeded, reason) => {
    const world = createFakeWorld();
    const refundId = '0f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b12';
    const money = { payment: 'pay_9', amount: 5_000, currency: 'EUR' };
    const data = { refund: 're_1', key: refundId, reason, reference: orderId, ...money };
    await world.app.inject(callbackRequest({ id: 'evt_9', type, data }));
    expect(world.commands).toMatchObject([
      {
        type: 'RECORD_REFUND',
        orderId,
        payload: { refundId, providerRefundId: 're_1', succeeded, failureCode: reason, amount: 5_000 },
      },
    ]);
  });

  test('a long failure code is cut, because a worker would refuse it', async () => {
    const world = createFakeWorld();
    const refundId = '0f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b12';
    const money = { payment: 'pay_9', amount: 5_000, currency: 'EUR' };
    const data = { refund: 're_1', key: refundId, reason: 'x'.repeat(100), reference: orderId, ...money };
    await world.app.inject(callbackRequest({ id: 'evt_9', type: 'refund.failed', data }));
    expect(world.commands).toMatchObject([{ payload: { refundId, failureCode: 'x'.repeat(64) } }]);
  });

  test.each([null, 'key-of-another-system'])(
    'a refund with the key %j never closes another open refund',
    async (key) => {
      const world = createFakeWorld();
      const money = { payment: 'pay_9', amount: 5_000, currency: 'EUR' };
      const data = { refund: 're_1', key, reason: null, reference: orderId, ...money };
      await world.app.inject(callbackRequest({ id: 'evt_9', type: 'refund.succeeded', data }));
      expect(world.commands).toMatchObject([
        { payload: { refundId: expect.stringMatching(/^[0-9a-f-]{36}$/), providerRefundId: 're_1' } },
      ]);
    },
  );

  test('money whose reference is no order id still reaches the log, under one id for one payment', async () => {
    const world = createFakeWorld();
    await world.app.inject(callbackRequest(captured({ reference: 'invoice 12' })));
    await world.app.inject(callbackRequest({ ...captured({ reference: 'invoice 12' }), id: 'evt_8' }));
    await world.app.inject(callbackRequest(captured({ reference: 'invoice 12', payment: 'pay_10' })));
    const [first, again, other] = world.commands;
    expect(first).toMatchObject({ payload: { reference: 'invoice 12', providerPaymentId: 'pay_9' } });
    expect(again!.orderId).toBe(first!.orderId);
    expect(again!.commandId).not.toBe(first!.commandId);
    expect(other!.orderId).not.toBe(first!.orderId);
  });

  test('a callback that is repeated within the window is the same command', async () => {
    const world = createFakeWorld();
    await world.app.inject(callbackRequest(captured()));
    expect((await world.app.inject(callbackRequest(captured()))).statusCode).toBe(200);
    expect(new Set(world.commands.map(({ commandId }) => commandId)).size).toBe(1);
    expect(world.commands[1]!.fingerprint).toEqual(world.commands[0]!.fingerprint);
  });

  test('an event that concerns no order is 200 and produces nothing', async () => {
    const world = createFakeWorld();
    const expired = { id: 'evt_1', type: 'session.expired', data: {} };
    expect((await world.app.inject(callbackRequest(expired))).json()).toEqual({ events: 0 });
    expect(world.commands).toEqual([]);
  });

  test.each([
    ['forged', callbackRequest(captured(), { secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' })],
    ['altered', { ...callbackRequest(captured()), payload: JSON.stringify(captured({ amount: 1 })) }],
    ['older than 5 minutes', callbackRequest(captured(), { atMs: Date.now() - 302_000 })],
    ['an hour ahead', callbackRequest(captured(), { atMs: Date.now() + hourMs })],
    ['unsigned', { ...callbackRequest(captured()), headers: { 'content-type': 'application/json' } }],
  ])('a callback that is %s is 401 and produces nothing', async (_what, request) => {
    const world = createFakeWorld();
    const answer = await world.app.inject(request);
    expect(answer.json()).toMatchObject({ status: 401, code: 'SIGNATURE_INVALID' });
    expect(answer.headers['www-authenticate']).toMatch(/^Signature /);
    expect(world.commands).toEqual([]);
  });

  test.each([
    ['text', 'not json'],
    ['without data', { id: 'evt_1', type: 'payment.captured' }],
    ['with an amount that is no integer', captured({ amount: 1.5 })],
    ['with an amount that no integer can hold', captured({ amount: 2 ** 53 })],
    ['with an amount of 0', captured({ amount: 0 })],
    ['with a currency in lower case', captured({ currency: 'eur' })],
    ['with a long payment id', captured({ payment: 'p'.repeat(101) })],
  ])('a signed callback %s is 400 and produces nothing', async (_what, body) => {
    const world = createFakeWorld();
    const answer = await world.app.inject(callbackRequest(body));
    expect(answer.json()).toMatchObject({ status: 400, code: 'CALLBACK_UNREADABLE' });
    expect(world.commands).toEqual([]);
  });

  test('an unknown provider is 404', async () => {
    const request = { ...callbackRequest(captured()), url: '/v1/payments/callbacks/none' };
    expect((await createFakeWorld().app.inject(request)).json()).toMatchObject({ code: 'PROVIDER_UNKNOWN' });
  });

  test('a callback of more than 64 KiB is 413', async () => {
    const answer = await createFakeWorld().app.inject(
      callbackRequest(captured({ note: 'x'.repeat(65_536) })),
    );
    expect(answer.json()).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
      detail: 'The body of this request may have at most 64 KiB.',
    });
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'json',
    'application/json, application/json',
    '/',
    '',
    undefined,
  ])('the content type %j is accepted, because the signature covers the bytes', async (type) => {
    const world = createFakeWorld();
    const { headers, ...request } = callbackRequest(captured());
    const { 'content-type': _usual, ...signed } = headers;
    const answer = await world.app.inject({
      ...request,
      // A text without a type would get one from the test client.
      payload: Buffer.from(request.payload),
      headers: type === undefined ? signed : { ...signed, 'content-type': type },
    });
    expect([answer.statusCode, answer.json()]).toEqual([200, { events: 1 }]);
    expect(world.commands).toHaveLength(1);
  });

  test.each(['NOT_PRODUCED', 'OUTCOME_UNKNOWN', 'OVERLOADED'] as const)(
    'a command that is not in the log for %s is 503, so that the provider sends it again',
    async (code) => {
      const world = createFakeWorld();
      world.produceProblem = new Failure(code, { retryAfterMs: 2_000 });
      const answer = await world.app.inject(callbackRequest(captured()));
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
    },
  );

  test('is refused during an overload, as other writes are', async () => {
    const world = createFakeWorld();
    world.refusal = 'lag';
    expect((await world.app.inject(callbackRequest(captured()))).json()).toMatchObject({
      code: 'OVERLOADED',
    });
  });

  test('false signatures delay later checks of their address, and never refuse a good one', async () => {
    const world = createFakeWorld({
      callerLimits: {
        signatureChecks: { badMax: 3, forgivenPerSecond: 0, checkingMs: 1, everyMs: 1, waitingMax: 100 },
      },
    });
    const forged = callbackRequest(captured(), { secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' });
    for (let i = 0; i < 10; i++) expect((await world.app.inject(forged)).statusCode).toBe(401);
    expect((await world.app.inject(callbackRequest(captured()))).statusCode).toBe(200);
  });

  test('has no use for a token', async () => {
    const request = callbackRequest(captured(), { secret: callbackSecret });
    const headers = { ...request.headers, authorization: 'Bearer nonsense' };
    expect((await createFakeWorld().app.inject({ ...request, headers })).statusCode).toBe(200);
  });
});

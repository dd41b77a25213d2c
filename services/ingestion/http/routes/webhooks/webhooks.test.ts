import { beforeEach, describe, expect, test } from 'vitest';
import { endpointsPerCustomerMax } from '../../../application/webhooks/webhook-store.ts';
import { createFakeWorld, fakeTokens } from '../../../testing/fake-world.ts';

let world: ReturnType<typeof createFakeWorld>;
beforeEach(() => {
  world = createFakeWorld();
});

const url = 'https://shop.example.com/hooks';
const endpoints = '/v1/webhook-endpoints';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

function ask(
  method: Method,
  path: string,
  body?: unknown,
  token = fakeTokens.hooks,
  more: Record<string, string> = {},
) {
  return world.app.inject({
    method,
    url: path,
    headers: {
      ...more,
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

const make = async (): Promise<string> => (await ask('POST', endpoints, { url })).json().id;

describe('webhook endpoints', () => {
  test('show their secret once, in the response that creates them', async () => {
    const made = await ask('POST', endpoints, {
      url,
      eventTypes: ['order.shipped', 'order.refunded', 'command.*'],
    });
    expect(made.statusCode).toBe(201);
    const { id, secret, ...shown } = made.json();
    expect(made.headers).toMatchObject({ location: `${endpoints}/${id}`, 'cache-control': 'no-store' });
    expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
    expect(shown).toMatchObject({
      url,
      eventTypes: ['order.shipped', 'order.refunded', 'command.*'],
      status: 'ENABLED',
    });
    expect((await ask('GET', `${endpoints}/${id}`)).json()).toEqual({ id, ...shown });
    const list = await ask('GET', endpoints);
    expect(list.json()).toEqual({ items: [{ id, ...shown }] });
  });

  test('get a new secret, and show until when the previous secret signs', async () => {
    const id = await make();
    const { secret, previousSecretUntil } = (await ask('POST', `${endpoints}/${id}/rotate`)).json();
    expect(secret).toMatch(/^whsec_/);
    expect(Date.parse(previousSecretUntil) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    const leaked = (await ask('POST', `${endpoints}/${id}/rotate`, { overlapSeconds: 0 })).json();
    expect(leaked.secret).not.toBe(secret);
    expect(leaked.previousSecretUntil).toBeUndefined();
    expect((await ask('POST', `${endpoints}/${id}/rotate`, { overlapSeconds: -1 })).statusCode).toBe(400);
  });

  test('can be changed, paused and resumed, at the version that the caller knows', async () => {
    const id = await make();
    const path = `${endpoints}/${id}`;
    const etag = (await ask('GET', path)).headers['etag'] as string;
    const change = { url: 'https://shop.example.com/new', description: 'Warehouse', status: 'PAUSED' };
    const changed = await ask('PATCH', path, change, undefined, { 'if-match': etag });
    expect(changed.statusCode).toBe(200);
    expect(changed.json()).toMatchObject({ id, ...change, pausedAt: expect.any(String) });
    expect(changed.headers['etag']).not.toBe(etag);
    const stale = await ask('PATCH', path, { status: 'ENABLED' }, undefined, { 'if-match': etag });
    expect(stale.json()).toMatchObject({ status: 412, code: 'VERSION_STALE' });
    expect((await ask('GET', path)).json()).toEqual(changed.json());
    const malformed = await ask('PATCH', path, { status: 'ENABLED' }, undefined, { 'if-match': '1' });
    expect(malformed.json().code).toBe('HEADER_INVALID');
    const resumed = (await ask('PATCH', path, { status: 'ENABLED', description: null })).json();
    expect(resumed).toMatchObject({ status: 'ENABLED', url: change.url });
    expect(Object.keys(resumed)).not.toContain('pausedAt');
    expect(Object.keys(resumed)).not.toContain('description');
  });

  test.each([
    [{}, ''],
    [{ url: 'https://127.0.0.1/' }, '/url'],
    [{ url: null }, '/url'],
    [{ eventTypes: [] }, '/eventTypes'],
    [{ description: 'x'.repeat(201) }, '/description'],
    [{ status: 'GONE' }, '/status'],
    [{ secret: 'mine' }, '/secret'],
  ])('the change %j is refused', async (body, pointer) => {
    const answer = await ask('PATCH', `${endpoints}/${await make()}`, body);
    expect(answer.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  test('get one test event in a period, unless they are paused or disabled', async () => {
    const id = await make();
    const test = await ask('POST', `${endpoints}/${id}/test`);
    expect(test.statusCode).toBe(202);
    expect(test.json()).toMatchObject({
      ...{ eventType: 'endpoint.test', status: 'PENDING', version: 0 },
      payload: { type: 'endpoint.test', data: { endpointId: id, isTest: true } },
    });
    // The test may begin at the end of a period; then a second test event is allowed once.
    const answers = [
      await ask('POST', `${endpoints}/${id}/test`),
      await ask('POST', `${endpoints}/${id}/test`),
    ];
    const refused = answers.find(({ statusCode }) => statusCode === 429)!;
    expect(refused.json().code).toBe('RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThan(6);
    for (const status of ['PAUSED', 'DISABLED']) {
      await ask('PATCH', `${endpoints}/${id}`, { status });
      expect((await ask('POST', `${endpoints}/${id}/test`)).json().code).toBe('ENDPOINT_DISABLED');
    }
  });

  test('can be deleted', async () => {
    const id = await make();
    const gone = await ask('DELETE', `${endpoints}/${id}`);
    expect([gone.statusCode, gone.body]).toEqual([204, '']);
    expect((await ask('DELETE', `${endpoints}/${id}`)).json().code).toBe('ENDPOINT_NOT_FOUND');
  });

  test('are not found by an id that is too long', async () => {
    const id = '%E1%B9%B0'.repeat(300);
    for (const path of [`${endpoints}/${id}`, `${endpoints}/${id}/deliveries`]) {
      expect((await ask('GET', path)).json(), path).toMatchObject({
        status: 404,
        code: 'ENDPOINT_NOT_FOUND',
      });
    }
  });

  test('have a maximum number per customer', async () => {
    for (let n = 0; n < endpointsPerCustomerMax; n += 1) await make();
    expect((await ask('POST', endpoints, { url })).json()).toMatchObject({
      status: 409,
      code: 'ENDPOINT_LIMIT',
    });
  });

  test.each([
    [{ url: 'http://shop.example.com/' }, '/url'],
    [{ url: 'https://127.0.0.1/' }, '/url'],
    [{}, '/url'],
    [{ url, eventTypes: [] }, '/eventTypes'],
    [{ url, eventTypes: ['order.shiped'] }, '/eventTypes/0'],
    [{ url, secret: 'mine' }, '/secret'],
  ])('%j is refused', async (body, pointer) => {
    const answer = await ask('POST', endpoints, body);
    expect(answer.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  test('return 503 while the database is unavailable', async () => {
    const id = await make();
    world.mysqlAway = true;
    const answer = await ask('GET', `${endpoints}/${id}`);
    expect(answer.json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
  });
});

describe('every webhook route', () => {
  const routes = (id: string) =>
    [
      ['GET', `${endpoints}/${id}`],
      ['PATCH', `${endpoints}/${id}`, { status: 'PAUSED' }],
      ['DELETE', `${endpoints}/${id}`],
      ['POST', `${endpoints}/${id}/rotate`],
      ['POST', `${endpoints}/${id}/enable`],
      ['POST', `${endpoints}/${id}/test`],
      ['GET', `${endpoints}/${id}/deliveries`],
      ['POST', `${endpoints}/${id}/redeliver`, { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }],
      ['POST', '/v1/deliveries/1/redeliver'],
    ] as const;

  test('requires its scope', async () => {
    for (const [method, path, body] of [
      ...routes('x'),
      ['POST', endpoints, { url }],
      ['GET', endpoints],
    ] as const) {
      expect((await ask(method, path, body, fakeTokens.c1)).json().code, path).toBe('SCOPE_MISSING');
    }
  });

  test('returns 404 for an endpoint that does not belong to the caller', async () => {
    for (const [method, path, body] of routes('we_unknown')) {
      const answer = await ask(method, path, body);
      expect(answer.statusCode, path).toBe(404);
      expect(answer.json().code, path).toMatch(/^(ENDPOINT|DELIVERY)_NOT_FOUND$/);
    }
  });

  test('refuses a customer whose id means all customers', async () => {
    for (const [method, path, body] of [
      ...routes('x'),
      ['POST', endpoints, { url }],
      ['GET', endpoints],
    ] as const) {
      expect((await ask(method, path, body, fakeTokens.everybody)).statusCode, path).toBe(403);
    }
  });
});

describe('a time range to redeliver', () => {
  test.each([
    [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, '/to'],
    [{ from: 'yesterday', to: '2026-01-01T00:00:00Z' }, '/from'],
    [{ from: '2026-01-01T00:00:00Z' }, '/to'],
    [{ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', cursor: 'mine' }, '/cursor'],
  ])('%j is refused', async (body, pointer) => {
    const answer = await ask('POST', `${endpoints}/${await make()}/redeliver`, body);
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ pointer }] });
  });
});

/** Requests of well-meaning clients, and the behaviour that HTTP defines for them. */
import { describe, expect, test } from 'vitest';
import { createFakeWorld, fakeTokens, placeRequest } from '../testing/fake-world.ts';

const world = createFakeWorld();
const { app } = world;
const authorization = `Bearer ${fakeTokens.c1}`;
const hooks = { authorization: `Bearer ${fakeTokens.hooks}` };

async function placed(key: string): Promise<string> {
  const { id } = (await app.inject(placeRequest(key))).json();
  world.decide(id);
  return id;
}

async function endpoint(): Promise<string> {
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/webhook-endpoints',
    headers: hooks,
    payload: { url: 'https://a.example.org/' },
  });
  return answer.json().id;
}

describe('an operation without a body', () => {
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test.each([
    ['an empty object', json, '{}'],
    ['an empty object between spaces', json, ' { }\n'],
    ['an empty form', form, ''],
    ['nothing as JSON', json, ''],
  ])('treats %s as an empty body', async (_name, type, payload) => {
    const id = await endpoint();
    const headers = { ...hooks, ...type, 'content-length': String(payload.length) };
    const enabled = await app.inject({
      method: 'POST',
      url: `/v1/webhook-endpoints/${id}/enable`,
      headers,
      payload,
    });
    expect(enabled.statusCode, enabled.body).toBe(200);
    const deleted = await app.inject({
      method: 'DELETE',
      url: `/v1/webhook-endpoints/${id}`,
      headers,
      payload,
    });
    expect(deleted.statusCode, deleted.body).toBe(204);
  });

  test.each([
    ['a member', json, '{"a":1}', 400, 'VALIDATION_FAILED'],
    ['broken JSON', json, '{', 400, 'JSON_INVALID'],
    ['a form', form, 'a=1', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a long body', json, ' '.repeat(2_000), 413, 'BODY_TOO_LARGE'],
  ])('refuses %s with its own code', async (_name, type, payload, status, code) => {
    const url = `/v1/webhook-endpoints/${await endpoint()}/enable`;
    const answer = await app.inject({ method: 'POST', url, headers: { ...hooks, ...type }, payload });
    expect(answer.json()).toMatchObject({ status, code });
  });

  test('an optional body may be empty with any content type', async () => {
    const url = `/v1/orders/${await placed('form')}/cancel`;
    const headers = { authorization, ...form, 'content-length': '0' };
    expect((await app.inject({ method: 'POST', url, headers })).statusCode).toBe(202);
  });
});

describe('an order id', () => {
  test('identifies the same order in upper case', async () => {
    const id = await placed('upper');
    const url = `/v1/orders/${id.toUpperCase()}`;
    for (const path of [url, `${url}/history`]) {
      const answer = await app.inject({ url: path, headers: { authorization } });
      expect(answer.statusCode, path).toBe(200);
    }
    expect((await app.inject({ url, headers: { authorization } })).json().id).toBe(id);
    const cancelled = await app.inject({ method: 'POST', url: `${url}/cancel`, headers: { authorization } });
    expect(cancelled.statusCode).toBe(202);
    expect(world.commands.at(-1)!.orderId).toBe(id);
  });

  test('identifies the order with its ticket, also in upper case', async () => {
    const { statusUrl } = (await app.inject(placeRequest('upper-queued'))).json();
    const [path = '', query = ''] = String(statusUrl).split('?');
    const url = `/v1/orders/${path.slice('/v1/orders/'.length).toUpperCase()}?${query}`;
    expect((await app.inject({ url, headers: { authorization } })).json().status).toBe('QUEUED');
  });
});

test.each(['%ff', '%zz', '%', '%ff/history', '%zz/events', '%c3%28/cancel'])(
  'the path /v1/orders/%s does not exist',
  async (part) => {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await app.inject({ method, url: `/v1/orders/${part}`, headers: { authorization } });
      expect(answer.json()).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
      expect(answer.headers['allow']).toBeUndefined();
    }
  },
);

describe('HEAD', () => {
  test('returns the response of GET without the body', async () => {
    const id = await placed('head');
    const urls = [
      '/docs',
      '/openapi.json',
      '/problems/not-found',
      `/v1/orders/${id}`,
      '/v1/orders',
      '/v1/orders/x',
    ];
    for (const url of urls) {
      const get = await app.inject({ url, headers: { authorization } });
      const head = await app.inject({ method: 'HEAD', url, headers: { authorization } });
      expect(head.statusCode, url).toBe(get.statusCode);
      expect(head.body, url).toBe('');
      for (const name of ['content-type', 'etag'])
        expect(head.headers[name], `${url} ${name}`).toBe(get.headers[name]);
      // Each problem has another trace id of the same length.
      expect(head.headers['content-length'], url).toBe(get.headers['content-length']);
    }
  });

  test('opens no stream', async () => {
    const url = `/v1/orders/${await placed('head-stream')}/events`;
    const head = await app.inject({ method: 'HEAD', url, headers: { authorization } });
    expect(head.statusCode).toBe(200);
    expect(head.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(head.body).toBe('');
  });

  test('needs a token as GET does', async () => {
    expect((await app.inject({ method: 'HEAD', url: '/v1/orders' })).statusCode).toBe(401);
  });
});

test('the root redirects to the documentation', async () => {
  const answer = await app.inject('/');
  expect(answer.statusCode).toBe(302);
  expect(answer.headers['location']).toBe('/docs');
  const wrong = await app.inject({ method: 'POST', url: '/docs' });
  expect(wrong.statusCode).toBe(405);
  expect(wrong.headers['allow']).toBe('GET, HEAD');
});

describe('faults outside of the body', () => {
  test('lists every invalid query parameter', async () => {
    const url = '/v1/orders?limit=1000&status=NO&cursor=x';
    const { detail, errors } = (await app.inject({ url, headers: { authorization } })).json();
    expect(errors).toMatchObject([
      { pointer: '', parameter: 'limit', detail: 'must be an integer from 1 to 100' },
      { pointer: '', parameter: 'status', detail: expect.stringMatching(/^must be one of/) },
      { pointer: '', parameter: 'cursor', detail: 'is not a cursor' },
    ]);
    expect(detail).toBe('The query parameter limit must be an integer from 1 to 100.');
    const twice = await app.inject({ url: '/v1/orders?limit=1&limit=2', headers: { authorization } });
    expect(twice.json().errors).toEqual([
      { pointer: '', parameter: 'limit', detail: 'occurs more than once' },
    ]);
  });

  test('lists the invalid query parameters of deliveries', async () => {
    const url = `/v1/webhook-endpoints/${await endpoint()}/deliveries?limit=0&status=NO`;
    const { errors } = (await app.inject({ url, headers: hooks })).json();
    expect(errors.map(({ parameter }: { parameter: string }) => parameter)).toEqual(['limit', 'status']);
  });

  test.each([
    ['GET', '', 'If-None-Match'],
    ['GET', '/events', 'Last-Event-ID'],
    ['POST', '/cancel', 'If-Match'],
  ] as const)('%s %s lists the invalid header %s', async (method, path, name) => {
    const url = `/v1/orders/${await placed('header')}${path}`;
    const answer = await app.inject({ method, url, headers: { authorization, [name]: 'x' } });
    expect(answer.json()).toMatchObject({
      code: 'HEADER_INVALID',
      errors: [{ pointer: '', parameter: name }],
    });
  });
});

test('the access log has the trace id that the problem tells the client', async () => {
  const url = '/v1/orders/00000000-0000-8000-8000-000000000000';
  const answer = await app.inject({ method: 'GET', url, headers: { authorization } });
  const { status, traceId } = answer.json();
  expect(world.answered.at(-1)).toEqual({ route: 'getOrder', status, traceId });
});

import { describe, expect, test } from 'vitest';
import { Failure } from '../../application/common/failure.ts';
import { createFakeWorld, fakeTokens, placeRequest, sampleOrder } from '../../testing/fake-world.ts';

const long = 'x'.repeat(65 * 1024);

describe('requests that are refused before the service produces a command', () => {
  const world = createFakeWorld();
  const valid = JSON.stringify(sampleOrder());

  test.each([
    ['not JSON', '{', 'JSON_INVALID', ''],
    ['empty', '', 'JSON_INVALID', ''],
    [
      'a repeated member',
      valid.replace('"currency":"EUR"', '"currency":"EUR","currency":"USD"'),
      'JSON_INVALID',
      '/currency',
    ],
    [
      'a member repeated by an escape',
      valid.replace('"currency":"EUR"', '"currency":"EUR","currenc\\u0079":"EUR"'),
      'JSON_INVALID',
      '/currency',
    ],
    ['an unpaired surrogate', valid.replace('Ada', '\\ud800'), 'JSON_INVALID', '/shippingAddress/name'],
    ['a fraction', valid.replace('"quantity":2', '"quantity":2.5'), 'JSON_INVALID', '/items/0/quantity'],
    [
      'beyond 2^53',
      valid.replace('"quantity":2', '"quantity":9007199254740993'),
      'JSON_INVALID',
      '/items/0/quantity',
    ],
    [
      'an unknown member',
      valid.replace('"currency"', '"surprise":1,"currency"'),
      'VALIDATION_FAILED',
      '/surprise',
    ],
    ['a missing member', valid.replace('"currency":"EUR",', ''), 'VALIDATION_FAILED', '/currency'],
    ['quantity 0', valid.replace('"quantity":2', '"quantity":0'), 'VALIDATION_FAILED', '/items/0/quantity'],
    [
      'quantity 10001',
      valid.replace('"quantity":2', '"quantity":10001'),
      'VALIDATION_FAILED',
      '/items/0/quantity',
    ],
    ['a control character', valid.replace('Ada', 'A\\u0000'), 'VALIDATION_FAILED', '/shippingAddress/name'],
    ['an SKU beyond ASCII', valid.replace('SKU-1', 'SKÜ'), 'VALIDATION_FAILED', '/items/0/sku'],
    ['null', 'null', 'VALIDATION_FAILED', ''],
    [
      '__proto__',
      valid.replace('"currency"', '"__proto__":{},"currency"'),
      'VALIDATION_FAILED',
      '/__proto__',
    ],
    ['too deep', `${'['.repeat(40)}${']'.repeat(40)}`, 'JSON_INVALID', '/0'.repeat(32)],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await world.app.inject(placeRequest('k', body));
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json().code).toBe(code);
    expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(world.commands).toHaveLength(0);
  });

  test('lists all errors, not only the first', async () => {
    const body = { ...sampleOrder(), currency: 'eur', items: [{ sku: '', quantity: 0 }], a: 1, b: 2 };
    const answer = await world.app.inject(placeRequest('k', body));
    const pointers = answer.json().errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers).toEqual(
      expect.arrayContaining(['/a', '/b', '/currency', '/items/0/sku', '/items/0/quantity']),
    );
  });

  test('refuses invalid UTF-8', async () => {
    const answer = await world.app.inject(placeRequest('k', Buffer.from([0x22, 0xff, 0x22])));
    expect(answer.json()).toMatchObject({ status: 400, code: 'JSON_INVALID' });
  });

  test.each([
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': '' }, 415],
    [{ 'content-type': 'application/json; charset=latin1' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
  ])('media type %o gets the status %i', async (headers, status) => {
    expect((await world.app.inject(placeRequest('k', valid, headers))).statusCode).toBe(status);
  });

  test('a body that is too large gets 413', async () => {
    const answer = await world.app.inject(
      placeRequest('k', JSON.stringify({ ...sampleOrder(), couponCode: long })),
    );
    expect(answer.statusCode).toBe(413);
    expect(answer.json().code).toBe('BODY_TOO_LARGE');
  });

  test.each([
    ['', 'IDEMPOTENCY_KEY_INVALID'],
    ['with blank', 'IDEMPOTENCY_KEY_INVALID'],
    ['"open', 'IDEMPOTENCY_KEY_INVALID'],
    ['""', 'IDEMPOTENCY_KEY_INVALID'],
    ['x'.repeat(256), 'IDEMPOTENCY_KEY_INVALID'],
  ])('key %j', async (key, code) => {
    const answer = await world.app.inject(placeRequest(key));
    expect(answer.json()).toMatchObject({ status: 400, code });
  });

  test('a quoted key is the same key in a header, in a batch and in the list filter', async () => {
    const { app, decide } = createFakeWorld();
    const { id } = (await app.inject(placeRequest('"quoted"'))).json();
    const opened = (await app.inject(placeRequest('"\\"open"'))).json();
    const keys = ['quoted', '"quoted"', '"open'];
    const orders = keys.map((idempotencyKey) => ({ idempotencyKey, order: sampleOrder() }));
    const batch = await app.inject({ ...placeRequest('k', { orders }), url: '/v1/orders/batch' });
    expect(batch.json().items).toMatchObject([{ id }, { id }, { id: opened.id }]);
    decide(id);
    for (const key of ['quoted', '"quoted"']) {
      const { authorization } = placeRequest('k').headers;
      const url = `/v1/orders?idempotencyKey=${encodeURIComponent(key)}`;
      const listed = (await app.inject({ url, headers: { authorization } })).json();
      expect(listed.items.map((order: { id: string }) => order.id)).toEqual([id]);
    }
  });

  test.each([
    ['POST', '/v1/orders?dryRun=1', 'dryRun'],
    ['POST', '/v1/orders/batch?dryRun=1', 'dryRun'],
    ['GET', '/v1/orders?limit=5&page=2', 'page'],
    ['GET', '/v1/orders/00000000-0000-8000-8000-000000000000?expand=all&include=details', 'expand'],
    ['GET', '/v1/orders/00000000-0000-8000-8000-000000000000/history?limit=5', 'limit'],
  ] as const)('refuses an unknown query parameter: %s %s', async (method, url, parameter) => {
    const { headers, payload } = placeRequest('query');
    const answer = await world.app.inject({
      method,
      url,
      headers,
      ...(method === 'POST' ? { payload } : {}),
    });
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'VALIDATION_FAILED',
      detail: `The query parameter ${parameter} is unknown.`,
      errors: [{ pointer: '', parameter }],
    });
  });

  test('reports an unknown and an invalid query parameter together', async () => {
    const url = '/v1/orders/00000000-0000-8000-8000-000000000000?expand=all&include=x&t=1&t=2';
    const { authorization } = placeRequest('k').headers;
    const answer = await world.app.inject({ url, headers: { authorization } });
    const named = answer.json().errors.map(({ parameter }: { parameter: string }) => parameter);
    expect(named).toEqual(['expand', 'include', 't']);
  });

  test('refuses a request without a key, a token or a scope', async () => {
    const { 'idempotency-key': _key, ...headers } = placeRequest('k').headers;
    const request = placeRequest('k');
    expect((await world.app.inject({ ...request, headers })).json().code).toBe('IDEMPOTENCY_KEY_MISSING');
    const bare = await world.app.inject({ ...request, headers: { ...request.headers, authorization: '' } });
    expect(bare.statusCode).toBe(401);
    expect(bare.headers['www-authenticate']).toBe('Bearer');
    const wrong = await world.app.inject({
      ...request,
      headers: { ...request.headers, authorization: 'Bearer nope' },
    });
    expect(wrong.statusCode).toBe(401);
    const authorization = `Bearer ${fakeTokens.reader}`;
    const reader = await world.app.inject({ ...request, headers: { ...request.headers, authorization } });
    expect(reader.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
    expect(world.commands).toHaveLength(0);
  });

  test('refuses unknown routes and methods', async () => {
    expect((await world.app.inject('/v2/orders')).json()).toMatchObject({
      status: 404,
      code: 'ROUTE_NOT_FOUND',
    });
    const answer = await world.app.inject({ method: 'DELETE', url: '/v1/orders' });
    expect(answer.json()).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(answer.headers['allow']).toBe('POST, GET, HEAD');
    const quote = await world.app.inject({ method: 'GET', url: '/v1/orders/quote' });
    expect(quote.statusCode).toBe(405);
    expect(quote.headers['allow']).toBe('POST');
    const query = await world.app.inject({ method: 'QUERY' as 'GET', url: '/v1/orders/quote' });
    expect(query.headers['allow']).toBe('POST');
  });
});

describe('a batch', () => {
  const world = createFakeWorld();
  const placeAll = (orders: string) => ({
    ...placeRequest('k', `{"orders":[${orders}]}`),
    url: '/v1/orders/batch',
  });
  const item = (key: string, order: string) => `{"idempotencyKey":"${key}","order":${order}}`;
  const good = JSON.stringify(sampleOrder());

  test('an invalid order gets its own error and affects no other', async () => {
    const twice = good.replace('"currency":"EUR"', '"currency":"EUR","currency":"USD"');
    const answer = await world.app.inject(placeAll([item('a', twice), item('b', good)].join(',')));
    expect(answer.json().items.map(({ status }: { status: number }) => status)).toEqual([400, 202]);
  });

  test.each([
    ['twenty faults', good.replace('"quantity":2', `"x":[${Array(20).fill('1.5').join(',')}]`)],
    ['too deep an order', `${'['.repeat(40)}${']'.repeat(40)}`],
  ])('%s does not affect other orders and hides no later fault', async (_name, first) => {
    const twice = good.replace('"quantity":2', '"quantity":1,"quantity":2');
    const answer = await world.app.inject(
      placeAll([item('c', first), item('d', twice), item('i', good)].join(',')),
    );
    const { items } = answer.json();
    expect(items.map(({ status }: { status: number }) => status)).toEqual([400, 400, 202]);
    expect(items[0].problem.code).toBe('JSON_INVALID');
    expect(items[1].problem.errors).toMatchObject([{ pointer: '/orders/1/order/items/0/quantity' }]);
  });

  test('an item that is not JSON makes the whole batch fail, with its position', async () => {
    const before = world.commands.length;
    const answer = await world.app.inject(placeAll(`${item('c', good)},\n${item('d', '{"a":}')}`));
    expect(answer.json()).toMatchObject({ status: 400, code: 'JSON_INVALID' });
    expect(answer.json().detail).toBe(
      'The body is not valid JSON: unexpected character at line 2, column 36.',
    );
    expect(world.commands).toHaveLength(before);
  });

  test.each([
    ['no array', '{"orders":1}', 'VALIDATION_FAILED', '/orders'],
    ['another member', `{"orders":[${item('c', good)}],"x":1}`, 'VALIDATION_FAILED', '/x'],
    ['no item', '{"orders":[ ]}', 'VALIDATION_FAILED', '/orders'],
    ['501 items', `{"orders":[${Array(501).fill('1').join(',')}]}`, 'VALIDATION_FAILED', '/orders'],
    ['orders twice', '{"orders":[1],"orders":[2]}', 'JSON_INVALID', '/orders'],
    ['a comma at the end', '{"orders":[1,]}', 'JSON_INVALID', ''],
    ['an extra bracket', '{"orders":[1]]}', 'JSON_INVALID', ''],
    ['a million other members', `{${'"a":0,'.repeat(200_000)}"b":0}`, 'VALIDATION_FAILED', ''],
    ['no end', `{"orders":[${'['.repeat(100_000)}`, 'JSON_INVALID', ''],
    ['a long number', `{"orders":[],"x":1${'0'.repeat(60_000)}1}`, 'JSON_INVALID', '/x'],
  ])('a batch with %s is refused', async (_name, body, code, pointer) => {
    const answer = await world.app.inject({ ...placeRequest('k', body), url: '/v1/orders/batch' });
    expect(answer.json()).toMatchObject({ status: 400, code });
    expect(answer.json().errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  test('an order of more than 64 KiB is refused also in a batch, and affects no other order', async () => {
    const large = good.replace('"currency"', `${' '.repeat(66 * 1024)}"currency"`);
    const answer = await world.app.inject(placeAll([item('j', large), item('k', good)].join(',')));
    expect(answer.json().items).toMatchObject([
      { status: 413, problem: { code: 'BODY_TOO_LARGE' } },
      { status: 202 },
    ]);
  });

  test('a failure of one order is not the result of the others', async () => {
    const broken = createFakeWorld();
    broken.produceProblem = new Failure('INTERNAL', { cause: new Error('unforeseen') });
    const answer = await broken.app.inject(placeAll([item('e', good), item('f', '{}')].join(',')));
    const { items } = answer.json();
    expect(items.map(({ status }: { status: number }) => status)).toEqual([500, 400]);
    expect(items[0].problem.traceId).toBe(items[1].problem.traceId);
  });

  test('returns one result per order: new, repeated, repeated with another body, and repeated after its outcome', async () => {
    const other = good.replace('"quantity":2', '"quantity":3');
    const before = world.commands.length;
    const first = world.app.inject(
      placeAll([item('g', good), item('g', good), item('g', other), item('h', good)].join(',')),
    );
    while (world.commands.length < before + 2) await new Promise(setImmediate);
    world.decide(world.commands[before]!.orderId!);
    const { items } = (await first).json();
    expect(items).toMatchObject([
      { index: 0, status: 202 },
      { index: 1, status: 200, id: items[0].id, replayed: true },
      { index: 2, status: 422, problem: { code: 'KEY_REUSED', instance: '/v1/orders/batch' } },
      { index: 3, status: 202, statusUrl: expect.stringMatching(`^/v1/orders/${items[3].id}\\?t=`) },
    ]);
    expect(items[0]).not.toHaveProperty('replayed');
    const again = await world.app.inject(placeAll([item('g', good)].join(',')));
    expect(again.json().items).toMatchObject([{ index: 0, status: 200, id: items[0].id, replayed: true }]);
  });
});

test('a caller over the rate is refused before the batch is parsed', async () => {
  const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 1 });
  await world.app.inject(placeRequest('k1'));
  const answer = await world.app.inject({ ...placeRequest('k2', '{'), url: '/v1/orders/batch' });
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['ratelimit']).toBe('"orders";r=0;t=1');
});

describe('the charge of a batch', () => {
  const batchOf = (body: string) => ({ ...placeRequest('k', body), url: '/v1/orders/batch' });
  const left = (answer: { headers: Record<string, unknown> }) =>
    Number(/r=(\d+)/.exec(String(answer.headers['ratelimit']))?.[1]);
  const item = (key: string) => `{"idempotencyKey":"${key}","order":${JSON.stringify(sampleOrder())}}`;

  test('counts its bytes before parsing, so that a broken batch is not free', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 500 });
    const answer = await world.app.inject(batchOf(`{"orders":[${' '.repeat(640 * 1024)}}`));
    expect(answer.statusCode).toBe(400);
    expect(left(answer)).toBe(500 - 11);
  });

  test('counts only its orders if they cost more than its bytes', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 500 });
    const answer = await world.app.inject(
      batchOf(`{"orders":[${Array.from({ length: 300 }, (_, n) => item(`k${n}`)).join(',')}]}`),
    );
    expect(answer.statusCode).toBe(200);
    expect(left(answer)).toBe(200);
  });

  test('counts items without a key too', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 500 });
    const answer = await world.app.inject(batchOf(`{"orders":[${Array(200).fill('1').join(',')}]}`));
    expect(answer.statusCode).toBe(200);
    expect(left(answer)).toBe(300);
  });

  test('takes no order if the rate does not allow it, and a retry after the given time succeeds', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 500 });
    const orders = Array.from({ length: 400 }, (_, n) => item(`k${n}`)).join(',');
    expect((await world.app.inject(batchOf(`{"orders":[${orders}]}`))).statusCode).toBe(200);
    const answer = await world.app.inject(batchOf(`{"orders":[${orders}]}`));
    expect(answer.statusCode).toBe(429);
    expect(left(answer)).toBe(100);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(299);
  });
});

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeWorld, fakeTokens, placeRequest, sampleOrder } from '../testing/fake-world.ts';
import { allowedHeaders, exposedHeaders } from './cors.ts';

const shop = 'https://shop.example.com';
const authorization = `Bearer ${fakeTokens.c1}`;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const preflight = (url: string, origin: string, method = 'POST') => ({
  method: 'OPTIONS' as const,
  url,
  headers: {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type,idempotency-key',
  },
});

describe('a listed origin', () => {
  const world = createFakeWorld({ corsOrigins: [shop] });

  test('gets a response to its preflight without a token, with the methods of the path', async () => {
    const answer = await world.app.inject(preflight('/v1/orders', shop));
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': shop,
      'access-control-allow-methods': 'POST, GET, HEAD',
      'access-control-allow-headers': allowedHeaders.join(', '),
      vary: 'Origin',
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    const unknown = await world.app.inject(preflight('/v1/nothing', shop));
    expect(unknown.statusCode).toBe(404);
  });

  test('may read responses, also refusals', async () => {
    const request = placeRequest('k', sampleOrder(), { origin: shop });
    const { headers: _headers, ...bare } = request;
    const answers = await Promise.all([
      world.app.inject(request),
      world.app.inject({ ...bare, headers: { origin: shop } }),
      world.app.inject({ url: '/nothing', headers: { origin: shop } }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 401, 404]);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(shop);
      expect(headers['access-control-expose-headers']).toBe(exposedHeaders.join(', '));
    }
  });

  test('may send and read every header that the document names', () => {
    const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
    const sent = new Set<string>();
    const answered = new Set<string>();
    for (const path of Object.values(document.paths) as Record<string, Operation>[]) {
      for (const { parameters = [], responses } of Object.values(path)) {
        for (const { in: where, name } of parameters) if (where === 'header') sent.add(name);
        for (const { headers = {} } of Object.values(responses))
          for (const name of Object.keys(headers)) answered.add(name);
      }
    }
    expect(allowedHeaders).toEqual(expect.arrayContaining([...sent]));
    expect(exposedHeaders).toEqual(expect.arrayContaining([...answered]));
  });
});

interface Operation {
  readonly parameters?: readonly { in: string; name: string }[];
  readonly responses: Record<string, { headers?: object }>;
}

test('other origins get the response of a service without CORS, and caches separate the origins', async () => {
  const world = createFakeWorld({ corsOrigins: [shop] });
  for (const origin of ['https://evil.example', 'null', `${shop}.evil.example`, 'http://shop.example.com']) {
    const answer = await world.app.inject(preflight('/v1/orders', origin));
    expect(answer.statusCode, origin).toBe(405);
    expect(answer.headers['access-control-allow-origin'], origin).toBeUndefined();
    expect(answer.headers['vary'], origin).toBe('Origin');
  }
});

test('no response has CORS headers without origins, and every response has them with *', async () => {
  const closed = await createFakeWorld().app.inject(preflight('/v1/orders', shop));
  expect(closed.statusCode).toBe(405);
  expect(closed.headers['vary']).toBeUndefined();
  const open = await createFakeWorld({ corsOrigins: ['*'] }).app.inject(preflight('/v1/orders', shop));
  expect(open.statusCode).toBe(204);
  expect(open.headers['access-control-allow-origin']).toBe('*');
});

describe('the sample that follows an order from a browser', () => {
  interface Sample {
    followOrder(
      statusUrl: string,
      getToken: () => string,
      options?: { signal?: AbortSignal },
    ): AsyncGenerator<{ version: number; status: string }>;
  }
  const sampleUrl = new URL('../../../docs/samples/browser/follow-order.js', import.meta.url);
  const load = async (): Promise<Sample> => import(/* @vite-ignore */ sampleUrl.href) as Promise<Sample>;

  async function listen() {
    const world = createFakeWorld({ corsOrigins: [shop] });
    const url = await world.app.listen({ host: '127.0.0.1', port: 0 });
    closers.push(() => world.app.close());
    const placed = (await world.app.inject(placeRequest('k'))).json();
    return { world, id: placed.id as string, statusUrl: url + placed.statusUrl };
  }

  test('gets each state up to the final one, over a stream that a browser may read', async () => {
    const { followOrder } = await load();
    const { world, id, statusUrl } = await listen();
    const states: string[] = [];
    for await (const { status } of followOrder(statusUrl, () => fakeTokens.c1)) {
      states.push(status);
      if (status === 'QUEUED') world.decide(id);
      if (status === 'PENDING_PAYMENT') world.decide(id, 'CANCELLED');
    }
    expect(states).toEqual(['QUEUED', 'PENDING_PAYMENT', 'CANCELLED']);
    const stream = await fetch(statusUrl.replace('?', '/events?'), {
      headers: { origin: shop, authorization },
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe(shop);
    await stream.body?.cancel();
  });

  test('requests one new token after a refusal, and then fails with the problem', async () => {
    const { followOrder } = await load();
    const { world, id, statusUrl } = await listen();
    world.decide(id, 'REJECTED');
    const tokens = ['expired', fakeTokens.c1];
    const states: string[] = [];
    for await (const { status } of followOrder(statusUrl, () => tokens.shift() ?? fakeTokens.c1))
      states.push(status);
    expect(states).toEqual(['REJECTED']);
    await expect(followOrder(statusUrl, () => 'never good').next()).rejects.toThrow(/^UNAUTHORIZED: /);
  });
});

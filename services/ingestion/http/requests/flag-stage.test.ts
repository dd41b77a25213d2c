import { expect, test } from 'vitest';
import { createMetrics } from '../../../shared/metrics/index.ts';
import { flagFailures } from '../../application/limits/flags.ts';
import { createFakeWorld, fakeTokens, placeRequest, sampleOrder } from '../../testing/fake-world.ts';
import { createApp } from '../app.ts';
import { operations } from '../routes/index.ts';

const headers = { authorization: `Bearer ${fakeTokens.c1}` };
const quoteRequest = () => {
  const { payload, headers: given } = placeRequest('key-1', sampleOrder());
  return { method: 'POST' as const, url: '/v1/orders/quote', payload, headers: given };
};

test.each([
  ['intake', 'INTAKE_OFF', placeRequest('key-1', sampleOrder())],
  ['intake', 'INTAKE_OFF', { method: 'POST' as const, url: '/v1/orders/batch', headers, payload: {} }],
  ['batch', 'BATCH_OFF', { method: 'POST' as const, url: '/v1/orders/batch', headers, payload: {} }],
  ['quotes', 'QUOTES_OFF', quoteRequest()],
  ['streams', 'STREAMS_OFF', { method: 'GET' as const, url: '/v1/orders/x/events', headers }],
] as const)('without the flag %s the answer is %s with Retry-After', async (flag, code, request) => {
  const { app, flags } = createFakeWorld();
  flags[flag] = false;
  const response = await app.inject(request as never);
  expect([response.statusCode, response.json().code]).toEqual([503, code]);
  expect(response.headers['retry-after']).toBe('30');
  flags[flag] = true;
  expect((await app.inject(request as never)).statusCode).not.toBe(503);
});

test('without the flag batch, single orders are accepted', async () => {
  const { app, flags } = createFakeWorld();
  flags.batch = false;
  expect((await app.inject(placeRequest('key-1', sampleOrder()))).statusCode).toBe(202);
});

test('a request without a valid token learns nothing about flags', async () => {
  const { app, flags } = createFakeWorld();
  flags.intake = false;
  const { payload } = placeRequest('key-1', sampleOrder());
  const response = await app.inject({ method: 'POST', url: '/v1/orders', payload });
  expect(response.statusCode).toBe(401);
});

test('without the flag waits, a preference to wait is ignored', async () => {
  const { app, flags } = createFakeWorld();
  flags.waits = false;
  const request = placeRequest('key-1', sampleOrder());
  const response = await app.inject({ ...request, headers: { ...request.headers, prefer: 'wait=30' } });
  expect(response.statusCode).toBe(202);
  expect(response.headers['preference-applied']).toBeUndefined();
});

test('the metric of requests keeps refusals of a flag apart from other 503', async () => {
  const world = createFakeWorld();
  const metrics = createMetrics({ service: 'ingestion', defaults: false });
  const app = createApp({ ...world.deps, metrics });
  world.flags.intake = false;
  await app.inject(placeRequest('key-1', sampleOrder()));
  world.flags.intake = true;
  world.refusal = 'lag';
  await app.inject(placeRequest('key-1', sampleOrder()));
  await app.inject(placeRequest('key-1', sampleOrder()));
  const lines = (await metrics.text()).split('\n');
  const countOf = (cause: string) =>
    lines
      .find((line) =>
        ['http_requests_total{', 'placeOrder"', '"503"', `"${cause}"`].every((part) => line.includes(part)),
      )
      ?.split(' ')[1];
  expect([countOf('flag'), countOf('other')]).toEqual(['1', '2']);
});

test('each operation with a flag documents its problem', () => {
  const flagged = operations.filter(({ flags }) => flags !== undefined);
  expect(flagged.length).toBeGreaterThan(0);
  for (const { flags = [], problems } of flagged)
    for (const flag of flags) expect(problems).toContain(flagFailures[flag]);
});

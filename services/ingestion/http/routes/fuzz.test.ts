/**
 * Requests generated from the OpenAPI document. The service never refuses the form of an allowed request, and
 * never accepts a forbidden one. The document describes each response, and no response is a 5xx. `FUZZ_RUNS`
 * sets the number of requests of each kind.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readIdempotencyKey, readKeyText } from '../../application/requests/idempotency-key.ts';
import {
  type Answer,
  type ApiOperation,
  type ApiParameter,
  answerFault,
  apiDocument,
  apiOperations,
  faultOf,
  parameterFault,
} from '../../testing/api-document.ts';
import { sampleRecords } from '../../testing/fake-records.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../../testing/fake-world.ts';
import { arbitraryOf, broken } from '../../testing/schema-arbitrary.ts';
import { orderBytesMax } from '../requests/bodies.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 3_000);
const world = createFakeWorld({
  ordersPerSecond: 10_000_000,
  burstOrders: 10_000_000,
  // No worker decides orders in this test.
  decisionWaitMs: 0,
});
const known = {
  orders: [] as { id: string; query: string }[],
  final: [] as string[],
  endpoint: '',
  /** Endpoints that the fuzz test created and may delete. */
  spare: [] as string[],
};
const sku = 'SKU-1';
const keys = new Map<string, string>();

beforeAll(async () => {
  Object.assign(world.records, sampleRecords);
  world.stock.set(sku, { sku, available: 3, committed: 2, onHand: 5 });
  for (const status of ['PENDING_PAYMENT', 'REJECTED', 'CANCELLED', null] as const) {
    const { id, statusUrl } = (await world.app.inject(placeRequest(`seed-${status}`))).json();
    if (status !== null) world.decide(id, status);
    if (status === 'REJECTED' || status === 'CANCELLED') known.final.push(id);
    known.orders.push({ id, query: status === null ? statusUrl.split('?')[1] : '' });
  }
  const authorization = `Bearer ${fakeTokens.hooks}`;
  const endpoint = { method: 'POST', url: '/v1/webhook-endpoints', headers: { authorization } } as const;
  known.endpoint = (
    await world.app.inject({ ...endpoint, payload: { url: 'https://a.example.org/' } })
  ).json().id;
});

/** Constraints that a schema cannot express, with the response to a request that the document allows. */
const beyondSchemas: Readonly<Record<string, readonly number[]>> = {
  // The host must be public, and a range must begin before it ends.
  createWebhookEndpoint: [400, 409],
  updateWebhookEndpoint: [400, 412],
  // One test event in five seconds. Another request may have paused or disabled the endpoint.
  testWebhookEndpoint: [409, 429],
  redeliverRange: [400, 404, 409],
  // The request may have a cursor, a version or a delivery of another customer.
  listOrders: [404],
  listWebhookDeliveries: [404],
  listOrderPayments: [404],
  listOrderRefunds: [404],
  listOrderShipments: [404],
  listOrderReturns: [404],
  cancelOrder: [412],
  // Only some orders can be paid, and the document does not know the providers or each rule of URLs.
  openPaymentSession: [400, 409],
  // The signature is made by a provider.
  receivePaymentCallback: [401, 404],
  redeliver: [404],
  // A line may occur once, parts of a refund exclude each other, and no delivery is in the future. An operator has no
  // ticket of a queued order.
  requestRefund: [400, 404],
  retryRefund: [404],
  shipOrder: [400, 404],
  deliverOrder: [400, 404],
  returnOrder: [400, 404],
  // No worker decides commands in this test.
  getCommand: [404],
  getStockCommand: [404],
  deleteWebhookEndpoint: [404],
};

interface ApiRequest {
  readonly operation: ApiOperation;
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly which: number;
}

const apiRequest: fc.Arbitrary<ApiRequest> = fc.oneof(...apiOperations.map(requestOf));

/** Counterexamples print the name, because the operation itself is long. */
function named(operation: ApiOperation): ApiOperation {
  return Object.assign({ ...operation }, { [fc.toStringMethod]: () => operation.id });
}

function requestOf(operation: ApiOperation): fc.Arbitrary<ApiRequest> {
  const given = operation.parameters.filter((parameter) => parameter.in !== 'path');
  const fields = given.map((parameter) => [parameter.name, fieldOf(parameter)] as const);
  const requiredKeys = given.filter(({ required }) => required).map(({ name }) => name) as never[];
  const body = operation.body === null ? fc.constant(undefined) : arbitraryOf(operation.body, apiDocument);
  return fc.record({
    operation: fc.constant(named(operation)),
    parameters: fc.record(Object.fromEntries(fields), { requiredKeys }) as fc.Arbitrary<
      Record<string, string>
    >,
    body: operation.bodyRequired ? body : fc.option(body, { nil: undefined }),
    which: fc.nat(),
  });
}

function fieldOf({ in: where, schema }: ApiParameter): fc.Arbitrary<string> {
  const text = arbitraryOf(schema, apiDocument).map(String);
  return where === 'query' ? text : text.filter((value) => /^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value));
}

const brokenRequest: fc.Arbitrary<ApiRequest> = apiRequest.chain((good) => {
  const names = good.operation.parameters
    .filter((parameter) => parameter.in !== 'path')
    .map(({ name }) => name);
  const parameter = fc
    .tuple(fc.constantFrom(...names, ''), fc.string({ maxLength: 300 }), fc.boolean())
    .map(([name, text, isGone]) => {
      const { [name]: _old, ...rest } = good.parameters;
      return { ...good, parameters: isGone || name === '' ? rest : { ...rest, [name]: text.trim() } };
    });
  if (good.operation.body === null || good.body === undefined) return parameter;
  return fc.oneof(
    parameter,
    broken(fc.constant(good.body)).map((body) => ({ ...good, body })),
  );
});

/** The parts of a request that the document forbids. */
function faultsOf({ operation, parameters, body }: ApiRequest): readonly string[] {
  const faults = operation.parameters.flatMap(({ in: where, name, required, schema }) => {
    const text = parameters[name];
    if (where === 'path') return [];
    if (text === undefined) return required ? [`${name} is missing`] : [];
    const fault = parameterFault(schema, text);
    return fault === null ? [] : [`${name} ${fault}`];
  });
  const fault = operation.body === null || body === undefined ? null : faultOf(operation.body, body);
  return fault === null ? faults : [...faults, `body ${fault}`];
}

async function ask({ operation, parameters, body, which }: ApiRequest): Promise<Answer> {
  const { id, query } = known.orders[which % known.orders.length]!;
  const order = operation.id === 'streamOrder' ? known.final[which % known.final.length]! : id;
  const endpoint = operation.id === 'deleteWebhookEndpoint' ? (known.spare.pop() ?? 'we_0') : known.endpoint;
  const target = operation.path.includes('webhook') ? endpoint : order;
  const search = new URLSearchParams(operation.parameters.some(({ name }) => name === 't') ? query : '');
  const headers: Record<string, string> = {};
  for (const { in: where, name } of operation.parameters) {
    const text = parameters[name];
    if (text === undefined) continue;
    if (where === 'header') headers[name.toLowerCase()] = text;
    else if (name !== 't') search.set(name, text);
  }
  const path = operation.path
    .replace('{id}', target)
    .replace('{refundId}', target)
    .replace('{commandId}', 'ship:1')
    .replace('{sku}', sku);
  const tokens: Record<string, string> = {
    'webhooks:manage': fakeTokens.hooks,
    'orders:ops': fakeTokens.ops,
  };
  const answer = await world.app.inject({
    method: operation.method as 'GET',
    url: `${path}?${search}`,
    headers: {
      ...headers,
      authorization: `Bearer ${tokens[operation.scope ?? ''] ?? fakeTokens.c1}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  if (answer.statusCode === 201) known.spare.push(answer.json().id);
  return answer;
}

/** Whether an earlier order, in a batch or alone, has the key. */
function isReused({ operation, parameters, body }: ApiRequest): boolean {
  if (operation.id === 'placeOrders') {
    const { orders } = body as { orders: { idempotencyKey: string; order: unknown }[] };
    for (const { idempotencyKey, order } of orders) isTaken(readKeyText(idempotencyKey), order);
  }
  if (operation.id !== 'placeOrder') return false;
  return isTaken(readIdempotencyKey(parameters['Idempotency-Key'] ?? '') ?? '', body);
}

function isTaken(key: string, order: unknown): boolean {
  const text = JSON.stringify(order);
  const before = keys.get(key);
  if (before === undefined) keys.set(key, text);
  return before !== undefined && before !== text;
}

function expectDescribed({ operation }: ApiRequest, answer: Answer, what: string): void {
  expect(answer.statusCode, `${what} ${answer.body}`).toBeLessThan(500);
  expect(answerFault(operation, answer), `${what} ${answer.statusCode} ${answer.body}`).toBeNull();
}

describe('requests generated from the document', () => {
  test('a request that the document allows gets a response that it describes', async () => {
    await fc.assert(
      fc.asyncProperty(apiRequest, async (good) => {
        const { operation, parameters, body } = good;
        const what = `${operation.id} ${JSON.stringify({ parameters, body })}`;
        const reused = isReused(good);
        const answer = await ask(good);
        expectDescribed(good, answer, what);
        if (answer.statusCode < 400 || (reused && answer.statusCode === 422)) return;
        expect(beyondSchemas[operation.id] ?? [], `${what} ${answer.body}`).toContain(answer.statusCode);
      }),
      { numRuns: runs },
    );
  }, 1_200_000);

  test('a request that the document forbids is refused with a reason and has no effect', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(brokenRequest, async (bad) => {
        const { operation, parameters, body } = bad;
        const faults = faultsOf(bad);
        const what = `${operation.id} ${JSON.stringify({ parameters, body })} ${faults}`;
        const before = world.commands.length;
        const answer = await ask(bad);
        expectDescribed(bad, answer, what);
        if (faults.length === 0) return;
        if (operation.id === 'placeOrders' && answer.statusCode === 200)
          return expectItems(bad, answer, what);
        refused += 1;
        expect(answer.statusCode, what).toBeGreaterThanOrEqual(400);
        expect(world.commands.length, what).toBe(before);
      }),
      { numRuns: runs },
    );
    expect(refused).toBeGreaterThan(runs / 10);
  }, 1_200_000);

  /** The service accepts a batch of the right form. Each order in it gets the response that it would get alone. */
  function expectItems({ body }: ApiRequest, answer: Answer, what: string): void {
    const item = (apiDocument['components'] as { schemas: Record<string, never> }).schemas['BatchItem']!;
    const results = JSON.parse(answer.body).items as { status: number; problem?: { errors: unknown[] } }[];
    for (const [index, { status }] of results.entries()) {
      const order = (body as { orders: unknown[] }).orders[index];
      if (status === 413) {
        expect(Buffer.byteLength(JSON.stringify(order)), what).toBeGreaterThan(orderBytesMax);
        continue;
      }
      const fault = faultOf(item, order);
      expect(status === 400, `${what} ${index} ${fault}`).toBe(fault !== null);
    }
  }
});

test('bytes, headers and paths of any kind never cause a 5xx', async () => {
  const latin = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
    maxLength: 60,
  });
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    path: fc.constantFrom(
      ...apiOperations.map(({ path }) => path.replaceAll(/\{\w+\}/g, 'x')),
      '/docs',
      '/nowhere',
    ),
    query: fc.option(latin, { nil: '' }),
    headers: fc.dictionary(
      fc.constantFrom(
        'idempotency-key',
        'prefer',
        'if-match',
        'if-none-match',
        'last-event-id',
        'traceparent',
        'content-type',
        'accept',
      ),
      latin,
    ),
    body: fc.uint8Array({ maxLength: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, headers, body }) => {
      const base = placeRequest('any', Buffer.from(body), headers);
      const url = query === '' ? path : `${path}?${encodeURI(query)}`;
      const answer = await world.app.inject({ ...base, method: method as 'GET', url });
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode < 400) return;
      expect(answer.json()).toMatchObject({
        status: answer.statusCode,
        type: expect.any(String),
        traceId: expect.any(String),
      });
    }),
    { numRuns: runs },
  );
}, 1_200_000);

/** Generated requests: what the schemas allow is accepted, what they do not allow is a 400 with pointers, and nothing is a 5xx. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderRequest } from '../shapes/order-request.ts';
import { createFakeWorld, placeRequest } from '../testing/fake-world.ts';
import { compileCheck } from '../validation.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 1_500);
const world = createFakeWorld({ ordersPerSecond: 10_000_000, burstOrders: 10_000_000 });

const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
const identifier = (maxLength: number) => fc.string({ unit: visible, minLength: 1, maxLength });
const letters = (count: number) =>
  fc.string({ unit: fc.constantFrom(...'ABCXYZ'), minLength: count, maxLength: count });
const text = (maxLength: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength })
    .filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value) && [...value].length <= maxLength);

const order = fc.record(
  {
    currency: letters(3),
    items: fc.array(
      fc.record(
        {
          sku: identifier(64),
          quantity: fc.integer({ min: 1, max: 10_000 }),
          expectedUnitPrice: fc.maxSafeNat(),
        },
        { requiredKeys: ['sku', 'quantity'] },
      ),
      { minLength: 1, maxLength: 20 },
    ),
    couponCode: identifier(64),
    shippingAddress: fc.record(
      {
        name: text(200),
        line1: text(200),
        line2: text(200),
        city: text(100),
        region: text(100),
        postalCode: text(20),
        country: letters(2),
      },
      { requiredKeys: ['name', 'line1', 'city', 'postalCode', 'country'] },
    ),
    contact: fc.record({ email: fc.constant('a@example.org') }, { requiredKeys: [] }),
    metadata: fc.dictionary(identifier(40), fc.string({ unit: 'grapheme', maxLength: 100 }), { maxKeys: 20 }),
  },
  { requiredKeys: ['currency', 'items', 'shippingAddress'] },
);

const metadataMax = (value: object) =>
  [...Object.values((value as { metadata?: object }).metadata ?? {})].every((v) => [...v].length <= 500);

test('what fits the schema is accepted', async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(order.filter(metadataMax), async (value) => {
      const answer = await world.app.inject(placeRequest(`valid-${n++}`, value));
      expect(answer.statusCode, answer.body).toBe(202);
    }),
    { numRuns: runs },
  );
}, 120_000);

test('what does not fit is a 400 that says where, whatever it is', async () => {
  const check = compileCheck(OrderRequest);
  const broken = fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(
        order,
        fc.constantFrom('currency', 'items', 'shippingAddress', 'contact', 'metadata', 'extra'),
        fc.jsonValue(),
      )
      .map(([value, member, other]) => ({ ...value, [member]: other })),
    fc.tuple(order, fc.jsonValue()).map(([value, other]) => ({ ...value, items: [...value.items, other] })),
  );
  await fc.assert(
    fc.asyncProperty(broken, async (value) => {
      const text = JSON.stringify(value);
      const { faults } = check(JSON.parse(text));
      const answer = await world.app.inject(placeRequest('broken', text));
      if (faults === null) {
        expect([202, 400, 422]).toContain(answer.statusCode);
        return;
      }
      expect(answer.statusCode, text).toBe(400);
      expect(answer.json().errors.length).toBeGreaterThan(0);
    }),
    { numRuns: runs },
  );
}, 120_000);

test('bytes, headers and paths of any kind are never a 5xx', async () => {
  const latin = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
    maxLength: 60,
  });
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
    path: fc.constantFrom(
      '/v1/orders',
      '/v1/orders/batch',
      '/v1/orders/quote',
      '/v1/orders/x',
      '/v1/orders/x/cancel',
      '/v1/orders/x/events',
      '/docs',
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
      if (answer.statusCode >= 400) {
        expect(answer.json()).toMatchObject({
          status: answer.statusCode,
          type: expect.any(String),
          traceId: expect.any(String),
        });
      }
    }),
    { numRuns: runs },
  );
}, 120_000);

import { describe, expect, test } from 'vitest';
import type { OrderApi, OrderResource, PlaceAnswer, PlaceInput, ReadAnswer } from './order-api.ts';
import { type BadLine, type OrderLine, parseOrderLine } from './read-lines.ts';
import { sendOrders } from './send.ts';
import { differences, isComplete, summaryText } from './summary.ts';

interface FakeOrder {
  id: string;
  customerId: string;
  resource: OrderResource;
  body: string;
}

/** An API that stores accepted orders. `onPlace` may respond instead of it. */
function fakeApi(onPlace?: (input: { idempotencyKey: string }, attempt: number) => PlaceAnswer | null) {
  const orders = new Map<string, FakeOrder>();
  const attempts = new Map<string, number>();
  let placing = 0;
  let placingMax = 0;
  const reads = { single: 0, pages: 0 };
  const place = (customerId: string, { idempotencyKey, order }: PlaceInput): PlaceAnswer => {
    const key = `${customerId} ${idempotencyKey}`;
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
    const instead = onPlace?.({ idempotencyKey }, attempts.get(key) ?? 1) ?? null;
    if (instead !== null) return instead;
    const known = orders.get(key);
    const body = JSON.stringify(order);
    if (known !== undefined && known.body !== body) {
      return { kind: 'refused', status: 422, code: 'KEY_CONFLICT', detail: 'other body' };
    }
    const made = known ?? { id: key, customerId, body, resource: decide(key, order) };
    orders.set(key, made);
    return accepted(made.id, known !== undefined);
  };
  const api: OrderApi = {
    async placeAll(customerId, inputs) {
      placing += 1;
      placingMax = Math.max(placingMax, placing);
      await new Promise((resolve) => setImmediate(resolve));
      placing -= 1;
      return { kind: 'answered', results: inputs.map((input) => place(customerId, input)) };
    },
    async read(_customerId, url): Promise<ReadAnswer> {
      reads.single += 1;
      const order = [...orders.values()].find(({ id }) => url === `/orders/${id}`);
      if (order === undefined) return { kind: 'unknown', why: 'no such order' };
      return { kind: 'order', order: order.resource };
    },
    async list(customerId, cursor) {
      reads.pages += 1;
      const own = [...orders.values()].filter((order) => order.customerId === customerId).toReversed();
      const from = Number(cursor ?? 0);
      const page = own.slice(from, from + 100).map(({ resource }) => resource);
      return { kind: 'page', orders: page, nextCursor: own.length > from + 100 ? String(from + 100) : null };
    },
  };
  return { api, orders, attempts, reads, placingMax: () => placingMax };
}

function accepted(id: string, replayed: boolean): PlaceAnswer {
  return { kind: 'accepted', id, statusUrl: `/orders/${id}`, replayed, isDecided: replayed };
}

const links = { self: '', history: '', events: '' };
const at = '2026-01-05T10:00:00.000Z';
const totals = { subtotal: 0, discount: 0, shipping: 0, tax: 0, taxIncluded: 0, total: 0 };
const money = { received: 0, refundPending: 0, refunded: 0, disputed: 0 };
const units = { ordered: 1, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
const progress = { line: 1, cancelled: 0, shipped: 0, returned: 0, refunded: 0 };
const decided = { customerId: 'c1', totals, money, units, createdAt: at, updatedAt: at, links };

function decide(id: string, order: Record<string, unknown>): OrderResource {
  const ordered = order['items'] as { sku: string; quantity: number }[];
  const items = ordered.map((item) => ({ ...progress, ...item }));
  const currency = String(order['currency']);
  const rejected = items.some(({ sku }) => sku === 'GONE');
  if (!rejected) return { id, version: 1, status: 'PENDING_PAYMENT', currency, items, ...decided };
  return {
    id,
    version: 1,
    status: 'REJECTED',
    currency,
    items,
    reason: { code: 'UNKNOWN_SKU', message: '' },
    ...decided,
  };
}

async function* file(texts: string[]): AsyncGenerator<OrderLine | BadLine> {
  for (const [index, text] of texts.entries()) yield parseOrderLine(text, index + 1);
}

const line = (key: string, sku = 'A', quantity = 1, customerId = 'c1') =>
  JSON.stringify({ customerId, idempotencyKey: key, order: { currency: 'EUR', items: [{ sku, quantity }] } });

const mixed = [
  line('k1'),
  line('k2', 'GONE'),
  '{"customerId":"c1"',
  line('k1'),
  line('k1', 'A', 2),
  line('k3', 'A', 1, 'c2'),
  line('k2', 'GONE'),
];
const mixedTotals = {
  lines: 6,
  orders: 3,
  repeats: 2,
  keyConflicts: 1,
  accepted: 2,
  rejections: { UNKNOWN_SKU: 1 },
};

describe('sending a file of orders', () => {
  test('counts outcomes, repeats, conflicts and bad lines, and a second run gives the same totals', async () => {
    const { api, orders } = fakeApi();
    const first = await sendOrders(file(mixed), { api });
    expect(first.badLines).toEqual([{ line: 3, problem: 'not valid JSON' }]);
    expect(first.statuses).toEqual({ PENDING_PAYMENT: 2, REJECTED: 1 });
    expect(differences(first, mixedTotals)).toEqual([]);

    const second = await sendOrders(file(mixed), { api });
    expect(second.replayed).toBe(second.accepted);
    expect(differences(second, mixedTotals)).toEqual([]);
    expect(orders.size).toBe(3);
    expect(isComplete(second)).toBe(false);
    expect(summaryText(second)).toContain('bad line, line 3: not valid JSON');
  });

  test('detects a conflict from the order contents if the API did not report it', async () => {
    const { api } = fakeApi(({ idempotencyKey }, attempt) =>
      attempt > 1 ? accepted(`c1 ${idempotencyKey}`, false) : null,
    );
    const summary = await sendOrders(file([line('k'), line('k', 'A', 2)]), { api });
    expect(summary).toMatchObject({ orders: 1, keyConflicts: 1, repeats: 0 });
  });

  test('uses the same key again after an unknown outcome, and waits if the API requests it', async () => {
    const { api, attempts } = fakeApi((_input, attempt) => {
      if (attempt === 1) return { kind: 'unknown', why: 'ECONNRESET' };
      if (attempt === 2) return { kind: 'later', scope: 'caller', afterMs: 5, why: 'RATE_LIMITED' };
      if (attempt === 3) return { kind: 'later', scope: 'everyone', afterMs: 5, why: 'SATURATED' };
      return null;
    });
    const summary = await sendOrders(file([line('k1'), line('k2')]), { api });
    expect(summary).toMatchObject({ orders: 2, statuses: { PENDING_PAYMENT: 2 }, missing: [] });
    expect([...attempts.values()]).toEqual([4, 4]);
  });

  test('keeps the limit of requests in flight', async () => {
    const { api, placingMax } = fakeApi();
    const texts = Array.from({ length: 200 }, (_, n) => line(`k${n}`, 'A', 1, `c${n % 20}`));
    const summary = await sendOrders(file(texts), { api, placesMax: 7, followingMax: 20 });
    expect(summary.orders).toBe(200);
    expect(placingMax()).toBe(7);
  });

  test('gets a hundred outcomes with one read, also if the file was sent before', async () => {
    const { api, reads } = fakeApi();
    const texts = Array.from({ length: 2_000 }, (_, n) => line(`k${n}`));
    expect((await sendOrders(file(texts), { api })).statuses).toEqual({ PENDING_PAYMENT: 2_000 });
    const again = await sendOrders(file(texts), { api });
    expect(again).toMatchObject({ replayed: 2_000, statuses: { PENDING_PAYMENT: 2_000 }, missing: [] });
    expect(reads.pages + reads.single).toBeLessThan(2 * 100);
  });

  test('needs no more reads for a repeated file if newer orders precede its orders in the list', async () => {
    const { api, reads } = fakeApi();
    const older = Array.from({ length: 1_000 }, (_, n) => line(`a${n}`));
    const newer = Array.from({ length: 1_001 }, (_, n) => line(`b${n}`));
    await sendOrders(file(older), { api });
    await sendOrders(file(newer), { api });
    const before = reads.pages + reads.single;
    const again = await sendOrders(file(older), { api });
    expect(again).toMatchObject({ replayed: 1_000, statuses: { PENDING_PAYMENT: 1_000 }, missing: [] });
    expect(reads.pages + reads.single - before).toBeLessThan(50);
  });

  test('a few old orders of a customer with many newer orders cost few pages', async () => {
    const { api, reads } = fakeApi();
    const older = Array.from({ length: 5 }, (_, n) => line(`a${n}`));
    await sendOrders(file(older), { api });
    await sendOrders(file(Array.from({ length: 20_000 }, (_, n) => line(`b${n}`))), { api });
    const before = reads.pages + reads.single;
    expect(await sendOrders(file(older), { api })).toMatchObject({ orders: 5, missing: [] });
    expect(reads.pages + reads.single - before).toBeLessThanOrEqual(2 * 5);
  });

  test('sends a refused batch again line by line', async () => {
    const { api } = fakeApi();
    const { placeAll } = api;
    api.placeAll = async (customerId, inputs) => {
      const isBad = inputs.some(({ idempotencyKey }) => idempotencyKey === 'k7');
      if (isBad) return { kind: 'refused', status: 400, code: 'JSON_INVALID', detail: 'too deep' };
      return placeAll(customerId, inputs);
    };
    const summary = await sendOrders(file(Array.from({ length: 20 }, (_, n) => line(`k${n}`))), { api });
    expect(summary.refusedLines).toEqual([
      { line: 8, status: 400, code: 'JSON_INVALID', detail: 'too deep' },
    ]);
    expect(summary).toMatchObject({ orders: 19, statuses: { PENDING_PAYMENT: 19 } });
  });

  test('reports missing orders instead of waiting forever', async () => {
    const { api } = fakeApi(({ idempotencyKey }) =>
      idempotencyKey === 'stuck' ? { kind: 'unknown', why: 'ETIMEDOUT' } : null,
    );
    const summary = await sendOrders(file([line('k1'), line('stuck')]), { api, stallMs: 50 });
    expect(summary.missing).toEqual([{ line: 2, why: 'ETIMEDOUT' }]);
    expect(isComplete(summary)).toBe(false);
    expect(differences(summary, { ...mixedTotals, lines: 2, orders: 1 })).toContain(
      'missing: expected 0, found 1',
    );
  });

  test('stops at once when the token is refused', async () => {
    const { api, attempts } = fakeApi(() => ({
      kind: 'refused',
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: 'expired',
    }));
    const texts = Array.from({ length: 500 }, (_, n) => line(`k${n}`, 'A', 1, `c${n}`));
    await expect(sendOrders(file(texts), { api, placesMax: 2 })).rejects.toThrow('401 expired');
    expect(attempts.size).toBeLessThan(10);
  });
});

test.each([
  ['[]', 'not a JSON object'],
  ['null', 'not a JSON object'],
  ['{"customerId":1,"idempotencyKey":"k","order":{}}', 'customerId must be'],
  ['{"customerId":"c","idempotencyKey":"","order":{}}', 'idempotencyKey must be'],
  ['{"customerId":"c","idempotencyKey":"k","order":[]}', 'order must be'],
])('a line such as %s is reported separately', (text, problem) => {
  expect(parseOrderLine(text, 1)).toMatchObject({
    kind: 'bad',
    line: 1,
    problem: expect.stringContaining(problem),
  });
});

import { describe, expect, test } from 'vitest';
import type { OrderResource } from '../../../domain/index.ts';
import { createOrderCache } from './order-cache.ts';

const order: OrderResource = {
  id: '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11',
  version: 2,
  status: 'CANCELLED',
  customerId: 'c1',
  currency: 'EUR',
  items: [
    {
      ...{ line: 1, sku: 'A', name: 'Apple', quantity: 2, unitPrice: 250, lineTotal: 500 },
      ...{ cancelled: 0, shipped: 0, returned: 0, refunded: 0 },
    },
  ],
  totals: { subtotal: 500, discount: 0, shipping: 0, tax: 0, taxIncluded: 0, total: 500 },
  money: { received: 0, refundPending: 0, refunded: 0, disputed: 0 },
  units: { ordered: 2, cancelled: 0, shipped: 0, returned: 0, restocked: 0 },
  createdAt: '2026-01-05T10:00:00.000Z',
  updatedAt: '2026-01-05T10:00:00.000Z',
};

/** Finds the order in a fake Redis that returns `answer` to HGET. */
async function find(answer: unknown) {
  const redis = {
    run: <T, F>(fn: (client: never) => Promise<T>, fallback: F): Promise<T | F> =>
      fn({ hget: async () => answer } as never).catch(() => fallback),
    script: () => async () => 0,
  };
  return createOrderCache({ redis: redis as never }).find(order.id);
}

test('returns the cached order, or missing if there is none or only a version', async () => {
  expect(await find(JSON.stringify(order))).toEqual(order);
  expect(await find(null)).toBe('missing');
  expect(await find('')).toBe('missing');
});

describe('an invalid entry is a fault, so the database is read', () => {
  const without = (name: keyof OrderResource) => JSON.stringify({ ...order, [name]: undefined });
  test.each<[string, unknown]>([
    ['a number', 7],
    ['a list', [JSON.stringify(order)]],
    ['no JSON', '{'],
    ['null as JSON', 'null'],
    ['text as JSON', '"x"'],
    ['another order', JSON.stringify({ ...order, id: 'other' })],
    ['no owner', without('customerId')],
    ['no version', without('version')],
    ['version 0', JSON.stringify({ ...order, version: 0 })],
    ['no items', without('items')],
    ['an item that is null', JSON.stringify({ ...order, items: [null] })],
    ['no totals', without('totals')],
    ['totals that are text', JSON.stringify({ ...order, totals: { ...order.totals, total: '500' } })],
    ['no money, as a worker of the version before writes it', without('money')],
    ['no units', without('units')],
    ['an unknown status', JSON.stringify({ ...order, status: 'GONE' })],
    ['no time', without('createdAt')],
  ])('%s', async (_what, answer) => {
    expect(await find(answer)).toBe('fault');
  });
});

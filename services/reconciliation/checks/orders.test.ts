import { expect, it } from 'vitest';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';
import type { RowState } from './order-rows.ts';
import { compareCache, compareRow } from './orders.ts';

const money = { received: 100, refundPending: 30, refunded: 20, disputed: 0 };
const units = { ordered: 5, cancelled: 1, shipped: 4, returned: 3, restocked: 2 };
const expected: ExpectedOrder = {
  orderId: 'o1',
  customerId: 'c1',
  partition: 0,
  sourceOffset: 7,
  version: 2,
  status: 'CANCELLED',
  total: 100,
  money,
  units,
};
const row: RowState = {
  ...{ orderId: 'o1', orderKey: 7, customerId: 'c1', version: 2, status: 'CANCELLED', total: 100 },
  ...{ money, units },
};

it('agrees if the row has all values of the outcome', () => {
  expect(compareRow(expected, row)).toBeNull();
  expect(
    compareRow({ ...expected, total: null, customerId: null, status: null, money: null, units: null }, row),
  ).toBeNull();
});

it.each<[string, Partial<RowState>]>([
  ['an older version', { version: 1 }],
  ['a newer version', { version: 3 }],
  ['another status', { status: 'PENDING_PAYMENT' }],
  ['another total', { total: 101 }],
  ['another customer', { customerId: 'c2' }],
  ['another sum of payments', { money: { ...money, received: 99 } }],
  ['another sum of open refunds', { money: { ...money, refundPending: 0 } }],
  ['another sum of refunds', { money: { ...money, refunded: 21 } }],
  ['another sum of disputes', { money: { ...money, disputed: 1 } }],
  ['other ordered units', { units: { ...units, ordered: 6 } }],
  ['other cancelled units', { units: { ...units, cancelled: 0 } }],
  ['other shipped units', { units: { ...units, shipped: 5 } }],
  ['other returned units', { units: { ...units, returned: 2 } }],
  ['other restocked units', { units: { ...units, restocked: 3 } }],
])('differs by %s', (_name, different) => {
  expect(compareRow(expected, { ...row, ...different })?.kind).toBe('ORDER_DIFFERS');
});

it('reports a missing row with its expected values', () => {
  const difference = compareRow(expected, undefined);
  expect(difference).toMatchObject({ kind: 'ORDER_MISSING', subject: 'o1' });
  expect(JSON.parse(difference!.expected)).toEqual({
    version: 2,
    status: 'CANCELLED',
    total: 100,
    customerId: 'c1',
    money: { received: 100, refundPending: 30, refunded: 20, disputed: 0 },
    units: { ordered: 5, cancelled: 1, shipped: 4, returned: 3, restocked: 2 },
  });
});

it('compares Redis by version, and by status if it has one', () => {
  expect(compareCache(row, null)).toBeNull();
  expect(compareCache(row, { version: 2, status: null })).toBeNull();
  expect(compareCache(row, { version: 2, status: 'PAID' })?.kind).toBe('CACHE_DIFFERS');
  expect(compareCache(row, { version: 1, status: null })?.kind).toBe('CACHE_DIFFERS');
});

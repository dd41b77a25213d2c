import { describe, expect, it } from 'vitest';
import { noMoney } from '../payments/records.ts';
import { isSettled, type OrderView, orderResource } from './response.ts';

const noUnits = { cancelled: 0, shipped: 0, returned: 0, refunded: 0 };
const accepted: OrderView = {
  orderId: '00000000-0000-8000-8000-000000000001',
  version: 1,
  status: 'PENDING_PAYMENT',
  customerId: 'customer-1',
  currency: 'EUR',
  lines: [{ sku: 'A', name: 'Apple', quantity: 2, unitPrice: 250, lineTotal: 500 }],
  money: noMoney,
  subtotal: 500,
  discount: 0,
  shipping: 0,
  tax: 0,
  taxIncluded: 80,
  total: 500,
  couponCode: null,
  reason: null,
  paymentDueAtMs: 1_700_000_060_000,
  createdAtMs: 1_700_000_000_000,
  updatedAtMs: 1_700_000_000_001,
};

describe('orderResource', () => {
  it('shows an accepted order, with times as RFC 3339', () => {
    expect(orderResource(accepted)).toEqual({
      id: accepted.orderId,
      version: 1,
      status: 'PENDING_PAYMENT',
      customerId: 'customer-1',
      currency: 'EUR',
      items: [{ line: 1, sku: 'A', name: 'Apple', quantity: 2, unitPrice: 250, lineTotal: 500, ...noUnits }],
      totals: { subtotal: 500, discount: 0, shipping: 0, tax: 0, taxIncluded: 80, total: 500 },
      money: { received: 0, refundPending: 0, refunded: 0, disputed: 0 },
      units: { ordered: 2, cancelled: 0, shipped: 0, returned: 0, restocked: 0 },
      paymentDueAt: '2023-11-14T22:14:20.000Z',
      createdAt: '2023-11-14T22:13:20.000Z',
      updatedAt: '2023-11-14T22:13:20.001Z',
    });
  });

  it('omits members that a rejected order lacks, and fields that are only for operators', () => {
    const reason = { code: 'UNKNOWN_SKU', message: 'No such.', pointer: '/items/0/sku', seen: '{"sku":"X"}' };
    const shown = orderResource({
      ...accepted,
      status: 'REJECTED',
      lines: [{ sku: 'X', name: null, quantity: 1, unitPrice: null, lineTotal: null }],
      paymentDueAtMs: null,
      couponCode: 'SAVE',
      reason,
    });
    expect(shown.items).toEqual([{ line: 1, sku: 'X', quantity: 1, ...noUnits }]);
    expect(shown).not.toHaveProperty('paymentDueAt');
    expect(shown).toMatchObject({ couponCode: 'SAVE' });
    expect('reason' in shown && shown.reason).toEqual({
      code: 'UNKNOWN_SKU',
      message: 'No such.',
      pointer: '/items/0/sku',
    });
  });

  it('shows the payment deadline only while payment is due', () => {
    expect(orderResource({ ...accepted, status: 'CANCELLED', version: 2 })).not.toHaveProperty(
      'paymentDueAt',
    );
  });

  it('shows a line that costs nothing with its price', () => {
    const lines = [{ sku: 'F', name: 'Free', quantity: 1, unitPrice: 0, lineTotal: 0 }];
    expect(orderResource({ ...accepted, lines }).items[0]).toMatchObject({ unitPrice: 0, lineTotal: 0 });
  });

  it('shows the progress of each line, and the units of all', () => {
    const [line] = accepted.lines;
    const lines = [
      { ...line!, quantity: 5, cancelled: 1, shipped: 4, returned: 2, restocked: 1, refunded: 3 },
      { ...line!, sku: 'B', shipped: 2 },
    ];
    const money = { received: 900, refundPending: 0, refunded: 300, disputed: 0 };
    const shown = orderResource({ ...accepted, status: 'SHIPPED', lines, money });
    expect(shown.items).toMatchObject([
      { line: 1, sku: 'A', cancelled: 1, shipped: 4, returned: 2, refunded: 3 },
      { line: 2, sku: 'B', ...noUnits, shipped: 2 },
    ]);
    expect(shown.units).toEqual({ ordered: 7, cancelled: 1, shipped: 6, returned: 2, restocked: 1 });
    expect(shown.money).toEqual(money);
  });
});

describe('isSettled', () => {
  const refundPending = { ...noMoney, refundPending: 1 };
  it.each([
    ['PAID', noMoney, false],
    ['DELIVERED', noMoney, false],
    ['CANCELLED', noMoney, true],
    ['CANCELLED', refundPending, false],
    ['RETURNED', refundPending, false],
    ['CLOSED', noMoney, true],
  ] as const)('of %s with %j is %s', (status, money, expected) => {
    expect(isSettled({ status, money })).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import { type OrderView, orderResource } from './response.ts';

const accepted: OrderView = {
  orderId: '00000000-0000-8000-8000-000000000001',
  version: 1,
  status: 'PENDING_PAYMENT',
  customerId: 'customer-1',
  currency: 'EUR',
  lines: [{ sku: 'A', name: 'Apple', quantity: 2, unitPrice: 250, lineTotal: 500 }],
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
      items: [{ sku: 'A', name: 'Apple', quantity: 2, unitPrice: 250, lineTotal: 500 }],
      totals: { subtotal: 500, discount: 0, shipping: 0, tax: 0, taxIncluded: 80, total: 500 },
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
    expect(shown.items).toEqual([{ sku: 'X', quantity: 1 }]);
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
});

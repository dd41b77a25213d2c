import { describe, expect, it } from 'vitest';
import { type OrderLine, type PlaceOrder, placeDefaults } from '../../../schemas/index.ts';
import { type Product, priceOrder } from './price.ts';
import { noRules } from './rules.ts';

/** The largest integer that the Avro library encodes. */
const max = Number.MAX_SAFE_INTEGER - 1;
const product = (sku: string, unitPrice: number, currency = 'EUR'): Product => ({
  sku,
  name: `The ${sku}`,
  unitPrice,
  currency,
  weightGrams: 0,
  taxCategory: 'standard',
  breaks: null,
});
const catalogue = new Map(
  [product('A', 250), product('FREE', 0), product('USD', 100, 'USD'), product('MAX', max)].map((each) => [
    each.sku,
    each,
  ]),
);

function price(lines: Partial<OrderLine>[], couponCode: string | null = null) {
  return priceOrder(placeOf(lines, couponCode), catalogue, noRules, 0);
}

function placeOf(lines: Partial<OrderLine>[], couponCode: string | null = null): PlaceOrder {
  return {
    currency: 'EUR',
    lines: lines.map((line) => ({ sku: 'A', quantity: 1, expectedUnitPrice: null, ...line })),
    couponCode,
    shippingAddress: null,
    contactEmail: null,
    metadata: [],
    ...placeDefaults,
  };
}

describe('priceOrder', () => {
  it('adds up lines, including a SKU that occurs twice and a free product', () => {
    const { priced, reason } = price([{ quantity: 3 }, { sku: 'FREE', quantity: 7 }, { quantity: 2 }]);
    expect(reason).toBeNull();
    expect(priced.lines.map(({ lineTotal }) => lineTotal)).toEqual([750, 0, 500]);
    expect(priced).toMatchObject({ subtotal: 1_250, discount: 0, shipping: 0, tax: 0, total: 1_250 });
  });

  it('lists every line of an order that cannot be sold, with a price if it has one', () => {
    const { priced, reason } = price([{}, { sku: 'GONE', quantity: 2 }, { sku: 'USD' }]);
    expect(reason).toMatchObject({ code: 'UNKNOWN_SKU', pointer: '/items/1/sku', seen: '{"sku":"GONE"}' });
    expect(priced.lines).toMatchObject([
      { sku: 'A', name: 'The A', quantity: 1, unitPrice: 250, lineTotal: 250 },
      { sku: 'GONE', name: null, quantity: 2, unitPrice: null, lineTotal: null },
      { sku: 'USD', name: 'The USD', quantity: 1, unitPrice: null, lineTotal: null },
    ]);
  });

  it.each([
    ['another currency', [{ sku: 'USD' }], 'CURRENCY_MISMATCH', '/items/0/sku', { currency: 'USD' }],
    [
      'a price that has moved',
      [{}, { expectedUnitPrice: 249 }],
      'PRICE_CHANGED',
      '/items/1/expectedUnitPrice',
      { expectedUnitPrice: 249, unitPrice: 250 },
    ],
    [
      'a price of zero that is no longer zero',
      [{ expectedUnitPrice: 0 }],
      'PRICE_CHANGED',
      '/items/0/expectedUnitPrice',
      { expectedUnitPrice: 0, unitPrice: 250 },
    ],
    [
      'the first of several',
      [{ sku: 'USD' }, { sku: 'GONE' }],
      'CURRENCY_MISMATCH',
      '/items/0/sku',
      { currency: 'USD' },
    ],
  ])('refuses %s', (_name, lines, code, pointer, seen) => {
    const { reason } = price(lines);
    expect(reason).toMatchObject({ code, pointer });
    expect(JSON.parse(reason!.seen!)).toEqual(seen);
  });

  it('accepts the price that the client expected', () => {
    expect(price([{ expectedUnitPrice: 250 }, { sku: 'FREE', expectedUnitPrice: 0 }]).reason).toBeNull();
  });

  it('refuses an unknown coupon before it checks the lines', () => {
    const { reason } = price([{ sku: 'GONE' }], 'SAVE10');
    expect(reason).toMatchObject({ code: 'COUPON_UNKNOWN', pointer: '/couponCode' });
  });

  it('prices up to the largest amount that can be encoded, and refuses the next', () => {
    expect(price([{ sku: 'MAX' }])).toMatchObject({ reason: null, priced: { total: max } });
    const next = new Map([['A', product('A', max + 1)]]);
    const lines = [{ sku: 'A', quantity: 1, expectedUnitPrice: null }];
    expect(priceOrder(placeOf(lines), next, noRules, 0).reason?.code).toBe('AMOUNT_TOO_LARGE');
  });

  it.each([
    ['a line', [{ sku: 'MAX', quantity: 10_000 }]],
    ['a sum', [{ sku: 'MAX' }, {}]],
  ])('returns no amount if %s is beyond it', (_name, lines) => {
    const { priced, reason } = price(lines);
    expect(reason?.code).toBe('AMOUNT_TOO_LARGE');
    expect(priced).toMatchObject({ subtotal: 0, total: 0 });
    for (const line of priced.lines) expect(line).toMatchObject({ unitPrice: null, lineTotal: null });
  });
});

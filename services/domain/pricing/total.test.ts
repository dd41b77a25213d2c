/** Tests of the whole price: the order of the reasons, the refused totals, and the invariants of any order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount, couponOf, type Order, percent, priceOf, shippingOf, taxOf } from '../testing/pricing.ts';
import { amountMax } from './money.ts';

describe('the reason', () => {
  // Each row repairs the fault that the row before it names. All later faults stay.
  const broken: Order = {
    lines: [{ price: 1_000, expectedUnitPrice: 999 }],
    coupon: { minimum: 5_000, currency: 'EUR' },
    couponCode: 'OTHER',
    shipping: [shippingOf(500, { country: 'FR' })],
    tax: [taxOf(190_000, { country: 'FR' })],
    expectedTotal: 1,
  };
  const repairs: [string, Partial<Order>][] = [
    ['COUPON_UNKNOWN', {}],
    ['PRICE_CHANGED', { couponCode: 'SAVE' }],
    ['COUPON_MINIMUM', { lines: [{ price: 1_000 }] }],
    ['SHIPPING_UNAVAILABLE', { coupon: {} }],
    ['TAX_RATE_UNKNOWN', { shipping: [shippingOf(500)] }],
    ['TOTAL_CHANGED', { tax: [taxOf(190_000)] }],
  ];

  it.each(repairs.map(([code], index) => [code, index] as const))('is %s first', (code, index) => {
    const order = Object.assign({}, broken, ...repairs.slice(0, index + 1).map(([, repair]) => repair));
    expect(priceOf(order).reason?.code).toBe(code);
  });

  it('is none if everything fits', () => {
    const order = Object.assign({}, broken, ...repairs.map(([, repair]) => repair), { expectedTotal: 1_666 });
    // 1000 − 100 + 500 = 1400; 19 % of it are 266.
    expect(priceOf(order)).toMatchObject({ reason: null, priced: { total: 1_666 } });
  });
});

describe('the total', () => {
  it('shows the actual amounts if the client expected another one', () => {
    const { priced, reason } = priceOf({ lines: [{ price: 1_000 }], coupon: {}, expectedTotal: 1_000 });
    expect(reason).toMatchObject({
      code: 'TOTAL_CHANGED',
      pointer: '/expectedTotal',
      seen: '{"expectedTotal":1000,"total":900}',
    });
    expect(priced).toMatchObject({ subtotal: 1_000, discount: 100, total: 900 });
  });

  it('is compared without any rule too, and 0 is an expectation', () => {
    expect(priceOf({ lines: [{ price: 5 }], expectedTotal: 5 }).reason).toBeNull();
    expect(priceOf({ lines: [{ price: 5 }], expectedTotal: 0 }).reason?.code).toBe('TOTAL_CHANGED');
    expect(priceOf({ lines: [{ price: 0 }], expectedTotal: 0 }).reason).toBeNull();
  });

  it('is refused beyond what can be encoded (SimplCommerce#1110)', () => {
    const line = { price: 10 ** 12, quantity: 10_000 };
    const { priced, reason } = priceOf({ lines: Array(100).fill(line) });
    expect(reason?.code).toBe('AMOUNT_TOO_LARGE');
    expect(priced).toMatchObject({ subtotal: 0, total: 0 });
  });

  it.each<[string, Omit<Order, 'lines'>]>([
    ['shipping', { shipping: [shippingOf(1)] }],
    ['tax', { tax: [taxOf(1)] }],
  ])('is refused if %s moves it beyond', (_name, rules) => {
    expect(priceOf({ lines: [{ price: amountMax }] })).toMatchObject({
      reason: null,
      priced: { total: 9_007_199_254_740_990 },
    });
    const { priced, reason } = priceOf({ lines: [{ price: amountMax }], ...rules });
    expect(reason?.code).toBe('AMOUNT_TOO_LARGE');
    expect(priced.lines[0]).toMatchObject({ unitPrice: null, lineTotal: null });
  });
});

const anyOrder: fc.Arbitrary<Order> = fc.record({
  lines: fc.array(
    fc.record({
      price: fc.oneof(fc.nat({ max: 20_000 }), fc.nat({ max: 1_000_000_000_000 })),
      quantity: fc.integer({ min: 1, max: 40 }),
      category: fc.constantFrom('standard', 'food', 'zero'),
      weightGrams: fc.nat({ max: 500 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  coupon: fc
    .record({
      discount: fc.oneof(
        fc.integer({ min: 1, max: 10_000 }).map(percent),
        fc.nat({ max: 100_000 }).map(amount),
        fc.constant({ kind: 'FREE_SHIPPING' as const }),
      ),
      scope: fc.constantFrom(null, ['L*'], ['L0', 'L2']),
    })
    .map((fields) => couponOf({ ...fields, currency: 'EUR' })),
  couponCode: fc.constantFrom('SAVE', 'SAVE', null),
  tax: fc
    .tuple(fc.boolean(), fc.nat({ max: 300_000 }), fc.nat({ max: 300_000 }), fc.boolean())
    .map(([inclusive, standard, food, none]) =>
      none
        ? []
        : [
            taxOf(standard, { inclusive }),
            taxOf(food, { inclusive, category: 'food' }),
            taxOf(0, { inclusive, category: 'zero' }),
          ],
    ),
  shipping: fc
    .tuple(fc.nat({ max: 5_000 }), fc.nat({ max: 50_000 }), fc.boolean())
    .map(([price, freeFrom, none]) => (none ? [] : [shippingOf(price, { freeFrom })])),
});

describe('any order', () => {
  const forAny = (holds: (result: ReturnType<typeof priceOf>, order: Order) => void) =>
    fc.assert(
      fc.property(anyOrder, (order) => holds(priceOf(order), order)),
      { numRuns: 500 },
    );
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

  it('has amounts that add up, none of them negative', () => {
    forAny(({ priced }) => {
      const { lines, subtotal, discount, shipping, tax, total } = priced;
      expect(subtotal).toBe(sum(lines.map(({ lineTotal }) => lineTotal!)));
      expect(total).toBe(subtotal - discount + shipping + tax);
      for (const value of [subtotal, discount, shipping, tax, total]) expect(value).toBeGreaterThanOrEqual(0);
    });
  });

  it('has line discounts that add up to the discount, each at most its line', () => {
    forAny(({ priced }) => {
      expect(sum(priced.lines.map(({ discount }) => discount))).toBe(priced.discount);
      for (const { discount, lineTotal } of priced.lines) expect(discount).toBeLessThanOrEqual(lineTotal!);
    });
  });

  it('has taxes of lines that leave the tax of shipping, at most what its rate gives, rounded', () => {
    forAny(({ priced }) => {
      const { lines, shipping, shippingTaxRatePpm: ppm } = priced;
      const added = priced.tax - sum(lines.map(({ tax }) => tax));
      const contained = priced.taxIncluded - sum(lines.map(({ taxIncluded }) => taxIncluded));
      for (const rest of [added, contained]) {
        expect(rest).toBeGreaterThanOrEqual(0);
        expect(rest).toBeLessThanOrEqual(Math.ceil((shipping * ppm) / 1_000_000));
      }
    });
  });

  it('costs the same with tax in its prices as without any tax', () => {
    forAny((result, order) => {
      const { tax = [] } = order;
      fc.pre(tax[0]?.inclusive === true);
      expect(result.priced.total).toBe(priceOf({ ...order, tax: [] }).priced.total);
      expect(result.priced.taxIncluded).toBeLessThanOrEqual(result.priced.total);
    });
  });

  it('costs exactly what its quote expects', () => {
    forAny(({ priced }, order) => {
      expect(priceOf({ ...order, expectedTotal: priced.total }).reason).toBeNull();
    });
  });
});

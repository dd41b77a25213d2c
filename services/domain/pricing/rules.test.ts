/** The price rules through the real function. Every expected amount is written out. */
import { describe, expect, it } from 'vitest';
import { amount, percent, priceOf, shippingOf, taxOf } from '../testing/pricing.ts';
import { flagsText, readPaymentWindow } from './rules.ts';

const discounts = ({ priced }: ReturnType<typeof priceOf>) => priced.lines.map(({ discount }) => discount);

describe('coupons', () => {
  it('spread a fixed discount to the last cent: 1000 off three lines of 1000 (statamic-cargo#168)', () => {
    const result = priceOf({
      lines: [{ price: 1_000 }, { price: 1_000 }, { price: 1_000 }],
      coupon: { discount: amount(1_000), currency: 'EUR' },
    });
    expect(discounts(result)).toEqual([334, 333, 333]);
    expect(result.priced).toMatchObject({ subtotal: 3_000, discount: 1_000, total: 2_000 });
  });

  it('of 100 % leave nothing, with tax on top too (odoo#271032)', () => {
    const result = priceOf({
      lines: [{ price: 1_150, quantity: 2 }],
      coupon: { discount: percent(10_000) },
      tax: [taxOf(150_000)],
    });
    expect(result).toMatchObject({ reason: null, priced: { discount: 2_300, tax: 0, total: 0 } });
  });

  it('of a fixed amount are worth that amount, whatever the tax classes are (woocommerce#24362)', () => {
    const result = priceOf({
      lines: [
        { price: 1_500, category: 'zero' },
        { price: 2_000, category: 'standard' },
      ],
      coupon: { discount: amount(1_000), currency: 'EUR' },
      tax: [
        taxOf(0, { category: 'zero', inclusive: true }),
        taxOf(200_000, { category: 'standard', inclusive: true }),
      ],
    });
    expect(discounts(result)).toEqual([429, 571]);
    expect(result.priced).toMatchObject({ discount: 1_000, tax: 0, taxIncluded: 238, total: 2_500 });
  });

  it('take tax from the discounted price (bagisto#10089)', () => {
    const result = priceOf({
      lines: [{ price: 10_000 }],
      coupon: { discount: amount(1_000), currency: 'EUR' },
      tax: [taxOf(200_000)],
    });
    expect(result.priced).toMatchObject({ discount: 1_000, tax: 1_800, total: 10_800 });
  });

  it('do not cost the customer the free shipping (saleor#10928)', () => {
    const result = priceOf({
      lines: [{ price: 7_500 }],
      coupon: { discount: amount(500), currency: 'EUR' },
      shipping: [shippingOf(490, { freeFrom: 7_500 })],
    });
    expect(result.priced).toMatchObject({ subtotal: 7_500, discount: 500, shipping: 0, total: 7_000 });
  });

  it('never make a total negative (vendure#1823, magento2#35162, dshop#723)', () => {
    const result = priceOf({
      lines: [{ price: 3_000 }],
      coupon: { discount: amount(4_500), currency: 'EUR' },
      shipping: [shippingOf(500)],
    });
    expect(result.priced).toMatchObject({ discount: 3_000, shipping: 500, total: 500 });
  });

  it('round a percentage once, half up, on the sum of the lines in scope', () => {
    const result = priceOf({
      lines: [{ price: 333 }, { price: 333 }, { price: 339 }, { price: 5_000, sku: 'OTHER' }],
      coupon: { discount: percent(1_500), scope: ['L*'] },
    });
    // 1005 × 15 % = 150.75
    expect(result.priced.discount).toBe(151);
    expect(discounts(result)).toEqual([50, 50, 51, 0]);
  });

  it('for free shipping take nothing off the lines', () => {
    const result = priceOf({
      lines: [{ price: 1_000 }],
      coupon: { discount: { kind: 'FREE_SHIPPING' } },
      shipping: [shippingOf(500)],
      tax: [taxOf(200_000)],
    });
    expect(result.priced).toMatchObject({ discount: 0, shipping: 0, tax: 200, total: 1_200 });
  });

  it('for free shipping do not ship to a place where the shop does not ship', () => {
    const result = priceOf({
      lines: [{ price: 1_000 }],
      coupon: { discount: { kind: 'FREE_SHIPPING' } },
      shipping: [shippingOf(500)],
      country: 'FR',
    });
    expect(result.reason?.code).toBe('SHIPPING_UNAVAILABLE');
  });

  // "through 2026-10-25 Europe/Berlin": that day has 25 hours (mitxpro#991, easy-digital-downloads#7492).
  it.each([
    ['2026-10-24T21:59:59.999Z', 'COUPON_NOT_VALID'],
    ['2026-10-24T22:00:00.000Z', undefined],
    ['2026-10-25T22:59:59.999Z', undefined],
    ['2026-10-25T23:00:00.000Z', 'COUPON_NOT_VALID'],
  ])('are valid in a half-open window: %s', (issuedAt, code) => {
    const { reason } = priceOf({
      lines: [{ price: 1_000 }],
      coupon: {
        fromMs: Date.parse('2026-10-24T22:00:00Z'),
        untilMs: Date.parse('2026-10-25T23:00:00Z'),
      },
      issuedAtMs: Date.parse(issuedAt),
    });
    expect(reason?.code).toBe(code);
  });

  it.each([
    ['another currency', { discount: amount(100), currency: 'USD' }, 'COUPON_CURRENCY'],
    ['no line in scope', { scope: ['TEA-1', 'l0*'] }, 'COUPON_SCOPE'],
    ['a subtotal below the minimum', { minimum: 1_001, currency: 'EUR' }, 'COUPON_MINIMUM'],
  ])('are refused for %s', (_name, coupon, code) => {
    const result = priceOf({ lines: [{ price: 1_000 }], coupon });
    expect(result.reason).toMatchObject({ code, pointer: '/couponCode' });
    expect(result.priced).toMatchObject({ subtotal: 1_000, discount: 0, total: 1_000 });
    expect(result.coupon).toBeNull();
  });

  it('compare the minimum with the lines in scope only', () => {
    const lines = [
      { price: 400, sku: 'TEA-1' },
      { price: 9_000, sku: 'MUG' },
    ];
    const coupon = { minimum: 500, currency: 'EUR', scope: ['TEA-1'] };
    expect(priceOf({ lines, coupon }).reason).toMatchObject({
      code: 'COUPON_MINIMUM',
      seen: '{"eligible":400,"minimum":500}',
    });
  });

  it('that are switched off reject the order; it is never sold at the full price', () => {
    const result = priceOf({ lines: [{ price: 1_000 }], coupon: {}, flags: { coupons: 'off' } });
    expect(result.reason).toMatchObject({ code: 'COUPONS_OFF', pointer: '/couponCode' });
  });
});

describe('tax', () => {
  it('contained in prices leaves the gross sum as it is (woocommerce#23835)', () => {
    const { priced } = priceOf({
      lines: [{ price: 9_500 }, { price: 1_100 }],
      tax: [taxOf(190_000, { inclusive: true })],
    });
    expect(priced).toMatchObject({ tax: 0, taxIncluded: 1_692, total: 10_600 });
    expect(priced.lines.map(({ taxIncluded }) => taxIncluded)).toEqual([1_516, 176]);
    expect(priced.lines.map(({ taxRatePpm, tax }) => [taxRatePpm, tax])).toEqual([
      [190_000, 0],
      [190_000, 0],
    ]);
  });

  it('contained in prices and shipping is rounded once for both (woocommerce#20440)', () => {
    const { priced } = priceOf({
      lines: [{ price: 4_500 }, { price: 4_900 }],
      shipping: [shippingOf(600)],
      tax: [taxOf(210_000, { inclusive: true })],
    });
    expect(priced).toMatchObject({ shipping: 600, tax: 0, taxIncluded: 1_736, total: 10_000 });
    expect(priced.shippingTaxRatePpm).toBe(210_000);
    // 10000 × 21 ÷ 121 = 1735.5. Shipping has the rest, 104.
    expect(priced.lines.map(({ taxIncluded }) => taxIncluded)).toEqual([781, 851]);
  });

  it('on top is rounded once per rate: 100 lines of 1 at 19 % have a tax of 19', () => {
    const { priced } = priceOf({
      lines: Array.from({ length: 100 }, () => ({ price: 1 })),
      tax: [taxOf(190_000)],
    });
    expect(priced).toMatchObject({ subtotal: 100, tax: 19, total: 119 });
    expect(priced.lines.filter(({ tax }) => tax === 1)).toHaveLength(19);
  });

  it('on top of two rates and of shipping', () => {
    const { priced } = priceOf({
      lines: [{ price: 1_999, category: 'food' }, { price: 2_501 }],
      shipping: [shippingOf(495)],
      tax: [taxOf(70_000, { category: 'food' }), taxOf(190_000), taxOf(50_000, { category: 'shipping' })],
    });
    // 1999 × 7 % = 139.93; 2501 × 19 % = 475.19; 495 × 5 % = 24.75
    expect(priced.lines.map(({ tax }) => tax)).toEqual([140, 475]);
    expect(priced).toMatchObject({ tax: 640, taxIncluded: 0, total: 5_635, shippingTaxRatePpm: 50_000 });
  });

  it.each([
    ['country, region and category', 'US', 'CA', 'food', 1],
    ['country and region before category', 'US', 'CA', 'toys', 2],
    ['country and category', 'US', 'NY', 'food', 3],
    ['country', 'US', 'NY', 'toys', 4],
    ['a region that is written in another way', 'US', ' ca ', 'toys', 2],
    ['no region', 'US', null, 'toys', 4],
    ['category, in other countries', 'FR', 'CA', 'food', 5],
    ['nothing', 'FR', null, 'toys', 6],
    ['nothing, without an address', null, null, 'food', 5],
  ])('has the most exact rate: %s', (_name, country, region, category, ratePpm) => {
    const { priced } = priceOf({
      lines: [{ price: 100, category }],
      tax: [
        taxOf(6, { country: null }),
        taxOf(5, { country: null, category: 'food' }),
        taxOf(4, { country: 'US' }),
        taxOf(3, { country: 'US', category: 'food' }),
        taxOf(2, { country: 'US', region: 'CA' }),
        taxOf(1, { country: 'US', region: 'CA', category: 'food' }),
      ],
      country,
      region,
    });
    expect(priced.lines[0]!.taxRatePpm).toBe(ratePpm);
  });

  it.each([
    ['a country', { country: 'FR' }],
    ['no address', { country: null }],
    ['shipping', { shipping: [shippingOf(1)] }],
  ])('without a rate for %s rejects the order', (_name, order) => {
    const { reason, priced } = priceOf({
      lines: [{ price: 100 }],
      tax: [taxOf(190_000, { category: 'standard' })],
      ...order,
    });
    expect(reason).toMatchObject({ code: 'TAX_RATE_UNKNOWN', pointer: '/shippingAddress' });
    expect(priced).toMatchObject({ tax: 0, total: 100 });
  });

  it('needs no rate for shipping that costs nothing', () => {
    const { reason, priced } = priceOf({
      lines: [{ price: 100 }],
      shipping: [shippingOf(500, { freeFrom: 100 })],
      tax: [taxOf(190_000, { category: 'standard' })],
    });
    expect(reason).toBeNull();
    expect(priced).toMatchObject({ shipping: 0, shippingTaxRatePpm: 0, total: 119 });
  });
});

describe('shipping', () => {
  const shipping = [
    shippingOf(500, { weightMaxGrams: 1_000 }),
    shippingOf(900, { weightMaxGrams: 5_000, freeFrom: 20_000 }),
    shippingOf(2_000, { country: null }),
    shippingOf(777, { country: 'FR', currency: 'USD' }),
  ];

  it.each([
    ['the lightest rate that carries it', 'DE', 500, 2, 500],
    ['the next rate above its weight', 'DE', 1_001, 1, 900],
    ['the wildcard, for a country without a rate', 'CH', 9_000, 1, 2_000],
    ['the wildcard, for a country with rates in other currencies', 'FR', 1, 1, 2_000],
    ['the wildcard, without an address', null, 1, 1, 2_000],
  ])('costs %s', (_name, country, weightGrams, quantity, price) => {
    const { priced } = priceOf({ lines: [{ price: 100, weightGrams, quantity }], shipping, country });
    expect(priced).toMatchObject({ shipping: price, total: 100 * quantity + price });
  });

  it('is free from a subtotal that the rate names', () => {
    const at = (price: number) => priceOf({ lines: [{ price, weightGrams: 2_000 }], shipping }).priced;
    expect(at(19_999)).toMatchObject({ shipping: 900, total: 20_899 });
    expect(at(20_000)).toMatchObject({ shipping: 0, total: 20_000 });
  });

  it.each([
    ['is too heavy for its country, although the wildcard has no bound', { weightGrams: 5_001 }, {}],
    ['has no rate in its currency', {}, { shipping: [shippingOf(1, { currency: 'USD' })] }],
    ['has no rate for its country', {}, { country: 'FR', shipping: [shippingOf(1)] }],
    ['has no address', {}, { country: null, shipping: [shippingOf(1)] }],
  ])('rejects an order that %s', (_name, line, order) => {
    const { reason } = priceOf({ lines: [{ price: 100, ...line }], shipping, ...order });
    expect(reason).toMatchObject({ code: 'SHIPPING_UNAVAILABLE', pointer: '/shippingAddress' });
  });
});

describe('quantity breaks', () => {
  const breaks = [
    { quantity: 10, unitPrice: 90 },
    { quantity: 50, unitPrice: 80 },
  ];
  const unitPrices = (quantities: readonly number[], flags = {}) =>
    priceOf({
      lines: quantities.map((quantity) => ({ price: 100, sku: 'A', quantity, breaks })),
      flags,
    }).priced.lines.map(({ unitPrice }) => unitPrice);

  it.each([
    [[9], [100]],
    [[10], [90]],
    [
      [4, 5, 1],
      [90, 90, 90],
    ],
    [[49], [90]],
    [
      [25, 25],
      [80, 80],
    ],
  ])('apply to the sum of the SKU over all lines: %j', (quantities, prices) => {
    expect(unitPrices(quantities)).toEqual(prices);
  });

  it('do not apply while they are switched off', () => {
    expect(unitPrices([60], { quantityBreaks: 'off' })).toEqual([100]);
  });

  it('are compared with the expected unit price', () => {
    const line = { price: 100, quantity: 10, breaks };
    expect(priceOf({ lines: [{ ...line, expectedUnitPrice: 90 }] }).reason).toBeNull();
    expect(priceOf({ lines: [{ ...line, expectedUnitPrice: 100 }] }).reason?.code).toBe('PRICE_CHANGED');
  });
});

describe('the payment window', () => {
  it.each([
    ['default', null],
    ['1s', 1_000],
    ['900s', 900_000],
    ['2592000s', 2_592_000_000],
    ['2592001s', undefined],
    ['0s', undefined],
    ['1.5s', undefined],
    ['15m', undefined],
    ['', undefined],
  ])('is read from %j', (text, windowMs) => {
    expect(readPaymentWindow(text)).toBe(windowMs);
  });

  it('stands in the flags of an order only if it is set', () => {
    const flags = { coupons: 'on', quantityBreaks: 'on' } as const;
    expect(flagsText({ ...flags, paymentWindowMs: null })).toBeNull();
    expect(flagsText({ ...flags, paymentWindowMs: 900_000 })).toBe(
      'coupons=on,quantityBreaks=on,paymentWindow=900s',
    );
  });
});

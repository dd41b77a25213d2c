/** Small orders, products and rules for the tests of prices. Amounts are minor units. */
import { type OrderLine, type PlaceOrder, placeDefaults } from '../../../schemas/index.ts';
import { type PriceBreak, type Product, priceOrder } from '../pricing/price.ts';
import {
  type Coupon,
  defaultFlags,
  noRules,
  type Rules,
  type ShippingRate,
  shippingTable,
  type TaxRate,
  taxTable,
} from '../pricing/rules.ts';

export interface Line {
  readonly price: number;
  readonly quantity?: number;
  readonly category?: string;
  readonly weightGrams?: number;
  readonly sku?: string;
  readonly breaks?: readonly PriceBreak[];
  readonly expectedUnitPrice?: number;
}

export interface Order {
  readonly lines: readonly Line[];
  readonly coupon?: Partial<Coupon>;
  /** The code that the order has; that of `coupon` by default. */
  readonly couponCode?: string | null;
  readonly tax?: readonly TaxRate[];
  readonly shipping?: readonly ShippingRate[];
  readonly flags?: Partial<Rules['flags']>;
  readonly country?: string | null;
  readonly region?: string | null;
  readonly expectedTotal?: number;
  readonly issuedAtMs?: number;
}

export const percent = (basisPoints: number): Coupon['discount'] => ({ kind: 'PERCENT', basisPoints });
export const amount = (value: number): Coupon['discount'] => ({ kind: 'AMOUNT', amount: value });

/** A coupon of 10 % without any condition. */
export function couponOf(fields: Partial<Coupon> = {}): Coupon {
  return {
    code: 'SAVE',
    discount: percent(1_000),
    currency: null,
    minimum: 0,
    fromMs: null,
    untilMs: null,
    scope: null,
    totalLimit: null,
    customerLimit: null,
    ...fields,
  };
}

/** A rate of a country; other columns are wildcards. */
export function taxOf(ratePpm: number, fields: Partial<TaxRate> = {}): TaxRate {
  return { country: 'DE', region: null, category: null, ratePpm, inclusive: false, ...fields };
}

export function shippingOf(price: number, fields: Partial<ShippingRate> = {}): ShippingRate {
  return { country: 'DE', currency: 'EUR', weightMaxGrams: null, amount: price, freeFrom: null, ...fields };
}

/** Prices the order; line n sells SKU `L<n>` unless it names one. It goes to Germany and is paid in EUR. */
export function priceOf(order: Order) {
  const { lines, tax = [], shipping = [], flags, country = 'DE', region = null } = order;
  const coupons = order.coupon === undefined ? [] : [couponOf(order.coupon)];
  const skuOf = (line: Line, index: number) => line.sku ?? `L${index}`;
  const products = new Map<string, Product>(
    lines.map((line, index) => [skuOf(line, index), productOf(skuOf(line, index), line)]),
  );
  const rules: Rules = {
    ...noRules,
    version: 3,
    flags: { ...defaultFlags, ...flags },
    coupons: new Map(coupons.map((each) => [each.code, each])),
    tax: taxTable(tax),
    shipping: shippingTable(shipping),
  };
  const place: PlaceOrder = {
    currency: 'EUR',
    lines: lines.map(
      (line, index): OrderLine => ({
        sku: skuOf(line, index),
        quantity: line.quantity ?? 1,
        expectedUnitPrice: line.expectedUnitPrice ?? null,
      }),
    ),
    couponCode: order.couponCode === undefined ? (coupons[0]?.code ?? null) : order.couponCode,
    shippingAddress: country === null ? null : addressIn(country, region),
    contactEmail: null,
    metadata: [],
    ...placeDefaults,
    expectedTotal: order.expectedTotal ?? null,
  };
  return priceOrder(place, products, rules, order.issuedAtMs ?? 0);
}

function productOf(sku: string, { price, category = 'standard', weightGrams = 0, breaks }: Line): Product {
  return {
    sku,
    name: `The ${sku}`,
    unitPrice: price,
    currency: 'EUR',
    weightGrams,
    taxCategory: category,
    breaks: breaks ?? null,
  };
}

function addressIn(country: string, region: string | null): PlaceOrder['shippingAddress'] {
  return {
    name: 'Ada Example',
    line1: '1 Sample Street',
    line2: null,
    city: 'Sample',
    region,
    postalCode: '1',
    country,
  };
}

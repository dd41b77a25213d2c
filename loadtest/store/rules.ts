/** The price rules of the bench: products with weight and tax category, coupons, tax rates and shipping rates. */
import type { Connection } from '../reference/connect.ts';

/**
 * `bare` has no rules. `hotCoupon` has one limited coupon in every order, and no other rule. With `rules` every order has
 * one of 100 coupons, shipping and tax.
 */
export type Pricing = 'bare' | 'hotCoupon' | 'rules';

/** More redemptions than any run can use. */
const plenty = 1_000_000_000;
export const couponCount = 100;
export const hotCoupon = 'EVERYBODY-10';

/** The coupon of an index: `COUPON-007` for 7. */
export function couponName(index: number): string {
  return `COUPON-${String(index).padStart(3, '0')}`;
}

/** The destinations of orders with rules. Prices contain the tax in the first two, and not in the others. */
export const destinations = [
  { country: 'DE', region: null },
  { country: 'AT', region: null },
  { country: 'US', region: 'CA' },
  { country: 'US', region: 'NY' },
] as const;

/** Weight in grams and tax category of a SKU. */
export function goodsOf(skuIndex: number): { weightGrams: number; taxCategory: string } {
  return {
    weightGrams: 50 + ((skuIndex * 131) % 1_500),
    taxCategory: skuIndex % 4 === 0 ? 'books' : 'standard',
  };
}

/** Four kinds of coupons. A quarter of them has a total limit, an eighth has a limit per customer. */
const kinds = [
  ['PERCENT', 1_000],
  ['PERCENT', 1_250],
  ['AMOUNT', 500],
  ['FREE_SHIPPING', 0],
] as const;

const taxRates = [
  ['DE', '*', '*', 190_000, 1],
  ['DE', '*', 'books', 70_000, 1],
  ['AT', '*', '*', 200_000, 1],
  ['US', 'CA', '*', 72_500, 0],
  ['US', 'NY', '*', 88_750, 0],
] as const;

const shippingRates = [
  ['DE', 'EUR', 2_000, 490, 50_000],
  ['DE', 'EUR', 10_000, 890, 50_000],
  ['DE', 'EUR', Number.MAX_SAFE_INTEGER, 1_690, null],
  ['*', 'EUR', Number.MAX_SAFE_INTEGER, 1_990, null],
] as const;

/** Imports the rules. Without rules it does nothing. */
export async function importRules(connection: Connection, pricing: Pricing): Promise<void> {
  if (pricing === 'bare') return;
  const coupons =
    pricing === 'hotCoupon'
      ? [[hotCoupon, 'PERCENT', 1_000, plenty, null]]
      : Array.from({ length: couponCount }, (_, index) => {
          const [kind, value] = kinds[index % kinds.length]!;
          return [
            couponName(index),
            kind,
            value,
            index % 4 === 0 ? plenty : null,
            index % 8 === 1 ? plenty : null,
          ];
        });
  await connection.query(
    'INSERT INTO coupons (code,kind,value,currency,total_limit,customer_limit,version,updated_at_ms) VALUES ?',
    [
      coupons.map(([code, kind, value, total, each]) => [
        code,
        kind,
        value,
        kind === 'AMOUNT' ? 'EUR' : null,
        total,
        each,
        1,
        0,
      ]),
    ],
  );
  await connection.query(
    'INSERT INTO coupon_counters (code, initial, available) SELECT code, total_limit, total_limit FROM coupons WHERE total_limit IS NOT NULL',
  );
  if (pricing === 'rules') {
    await connection.query('INSERT INTO tax_rates (country,region,category,rate_ppm,inclusive) VALUES ?', [
      taxRates,
    ]);
    await connection.query(
      'INSERT INTO shipping_rates (country,currency,weight_max_grams,amount,free_from) VALUES ?',
      [shippingRates],
    );
  }
  await connection.query('UPDATE catalogue_state SET version = 1 WHERE id IN (2, 3)');
}

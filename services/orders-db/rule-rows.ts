/** Rows of the price rules, and the rules that they make. Workers and quotes read them in the same form. */
import {
  type Coupon,
  defaultFlags,
  flagsText,
  type PriceBreak,
  type Product,
  type RuleFlags,
  type Rules,
  readPaymentWindow,
  readUnpaidUnits,
  type ShippingRate,
  shippingTable,
  type TaxRate,
  taxTable,
} from '../domain/index.ts';
import { type AppError, appError } from '../shared/errors/index.ts';
import { type Queryable, textToSql } from '../shared/mysql/index.ts';

type Reader = Pick<Queryable, 'rows'>;

/** A product with one of its quantity breaks, or with nulls if it has none. */
export interface ProductRow {
  sku: string;
  name: string;
  unit_price: number;
  currency: string;
  weight_grams: number;
  tax_category: string;
  min_quantity: number | null;
  break_price: number | null;
}

/** The columns of `ProductRow`, of `products p` joined with `price_breaks b`. */
export const productColumns =
  'p.sku, p.name, p.unit_price, p.currency, p.weight_grams, p.tax_category, b.min_quantity, b.unit_price AS break_price';

/** The products of these rows, by SKU. */
export function productsFrom(rows: Iterable<ProductRow>): Map<string, Product> {
  const products = new Map<string, Omit<Product, 'breaks'> & { breaks: PriceBreak[] | null }>();
  for (const row of rows) {
    let product = products.get(row.sku);
    if (product === undefined) {
      const { sku, name, unit_price: unitPrice, currency } = row;
      const { weight_grams: weightGrams, tax_category: taxCategory } = row;
      product = { sku, name, unitPrice, currency, weightGrams, taxCategory, breaks: null };
      products.set(sku, product);
    }
    if (row.min_quantity === null) continue;
    product.breaks ??= [];
    product.breaks.push({ quantity: row.min_quantity, unitPrice: row.break_price! });
  }
  for (const { breaks } of products.values()) breaks?.sort((a, b) => a.quantity - b.quantity);
  return products;
}

/** A row of `coupons`, with `couponColumns`. */
export interface CouponRow {
  code: string;
  kind: string;
  value: number;
  currency: string | null;
  minimum: number;
  valid_from_ms: number | null;
  valid_until_ms: number | null;
  scope: string | null;
  total_limit: number | null;
  customer_limit: number | null;
}

const couponNames =
  'code kind value currency minimum valid_from_ms valid_until_ms scope total_limit customer_limit';

/** The columns of `CouponRow`, of the table with this alias. */
export const couponColumns = (alias: string): string =>
  couponNames
    .split(' ')
    .map((name) => `${alias}.${name}`)
    .join(', ');

/** Shipping, tax, flags and the limit of unpaid units: everything of row 3 of `catalogue_state`. */
export type RateRules = Pick<Rules, 'flags' | 'flagsText' | 'tax' | 'shipping' | 'unpaidUnitsMax'>;

/** The versions of coupons (row 2) and of rates and flags (row 3). */
export interface RuleVersions {
  readonly coupons: number;
  readonly rates: number;
}

/** This largest weight means that there is no limit. */
const noBound = Number.MAX_SAFE_INTEGER;
const wildcard = '*';

/** The coupon of a row. Throws INTERNAL for a kind that this version does not know. */
export function couponFrom(row: CouponRow): Coupon {
  return {
    code: row.code,
    discount: discountFrom(row),
    currency: row.currency,
    minimum: row.minimum,
    fromMs: row.valid_from_ms,
    untilMs: row.valid_until_ms,
    scope: row.scope === null ? null : (JSON.parse(row.scope) as string[]),
    totalLimit: row.total_limit,
    customerLimit: row.customer_limit,
  };
}

function discountFrom({ kind, value }: CouponRow): Coupon['discount'] {
  switch (kind) {
    case 'PERCENT':
      return { kind, basisPoints: value };
    case 'AMOUNT':
      return { kind, amount: value };
    case 'FREE_SHIPPING':
      return { kind };
    default:
      throw unknownRule(`coupons of the kind ${kind} are unknown`);
  }
}

/** Redemptions of a coupon that are left, and those that the customer uses; 0 without a counter. Takes no locks. */
export async function couponUses(
  db: Reader,
  code: string,
  customerId: string,
): Promise<{ available: number; used: number }> {
  const [row] = await db.rows<{ available: number | null; used: number | null }>(
    `SELECT (SELECT available FROM coupon_counters WHERE code = ${textToSql(code)}) AS available, ` +
      `(SELECT used FROM coupon_customers WHERE code = ${textToSql(code)} AND customer_id = ${textToSql(customerId)}) AS used`,
  );
  return { available: row?.available ?? 0, used: row?.used ?? 0 };
}

/** Units that the customer holds in unpaid orders that counted them. Takes no locks. */
export async function unpaidUnitsOf(db: Reader, customerId: string): Promise<number> {
  const [row] = await db.rows<{ units: number }>(
    `SELECT units FROM unpaid_customers WHERE customer_id = ${textToSql(customerId)}`,
  );
  return row?.units ?? 0;
}

export async function selectRuleVersions(db: Reader): Promise<RuleVersions> {
  const rows = await db.rows<{ id: number; version: number }>(
    'SELECT id, version FROM catalogue_state WHERE id IN (2, 3)',
  );
  const versionOf = (id: number) => rows.find((row) => row.id === id)?.version ?? 0;
  return { coupons: versionOf(2), rates: versionOf(3) };
}

/** The coupons with these codes. */
export async function selectCoupons(db: Reader, codes: readonly string[]): Promise<Coupon[]> {
  if (codes.length === 0) return [];
  const rows = await db.rows<CouponRow>(
    `SELECT ${couponColumns('c')} FROM coupons c WHERE c.code IN (${codes.map(textToSql).join(',')})`,
  );
  return rows.map(couponFrom);
}

/** All rates and flags. The caller compares the versions before and after, because these are several reads. */
export async function selectRateRules(db: Reader): Promise<RateRules> {
  const flagRows = await db.rows<{ name: string; value: string }>('SELECT name, value FROM rule_flags');
  const tax = await db.rows<{
    country: string;
    region: string;
    category: string;
    rate_ppm: number;
    inclusive: number;
  }>('SELECT country, region, category, rate_ppm, inclusive FROM tax_rates');
  const shipping = await db.rows<{
    country: string;
    currency: string;
    weight_max_grams: number;
    amount: number;
    free_from: number | null;
  }>('SELECT country, currency, weight_max_grams, amount, free_from FROM shipping_rates');
  const flags = flagsFrom(flagRows);
  return {
    flags,
    flagsText: flagsText(flags),
    unpaidUnitsMax: unpaidUnitsFrom(flagRows),
    tax: taxTable(
      tax.map(
        ({ country, region, category, rate_ppm, inclusive }): TaxRate => ({
          country: nullIfWildcard(country),
          region: nullIfWildcard(region),
          category: nullIfWildcard(category),
          ratePpm: rate_ppm,
          inclusive: inclusive === 1,
        }),
      ),
    ),
    shipping: shippingTable(
      shipping.map(
        ({ country, currency, weight_max_grams, amount, free_from }): ShippingRate => ({
          country: nullIfWildcard(country),
          currency,
          weightMaxGrams: weight_max_grams === noBound ? null : weight_max_grams,
          amount,
          freeFrom: free_from,
        }),
      ),
    ),
  };
}

/** Throws INTERNAL for a value that this version does not know: orders must not be priced by a guess. */
function flagsFrom(rows: readonly { name: string; value: string }[]): RuleFlags {
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const coupons = values.get('coupons') ?? defaultFlags.coupons;
  const quantityBreaks = values.get('quantityBreaks') ?? defaultFlags.quantityBreaks;
  if (coupons !== 'on' && coupons !== 'unlimited' && coupons !== 'off') {
    throw unknownRule(`the switch coupons is ${coupons}`);
  }
  if (quantityBreaks !== 'on' && quantityBreaks !== 'off') {
    throw unknownRule(`the switch quantityBreaks is ${quantityBreaks}`);
  }
  const window = values.get('paymentWindow') ?? 'default';
  const paymentWindowMs = readPaymentWindow(window);
  if (paymentWindowMs === undefined) throw unknownRule(`the switch paymentWindow is ${window}`);
  return { coupons, quantityBreaks, paymentWindowMs };
}

/** Throws INTERNAL for a value that this version does not know: an order must not be accepted by a guess. */
function unpaidUnitsFrom(rows: readonly { name: string; value: string }[]): number | null {
  const value = rows.find(({ name }) => name === 'unpaidUnits')?.value ?? 'off';
  const units = readUnpaidUnits(value);
  if (units === undefined) throw unknownRule(`the switch unpaidUnits is ${value}`);
  return units;
}

/** No order is the cause. So a lane waits for a newer worker, and the order is no dead letter. */
function unknownRule(reason: string): AppError {
  return appError('INTERNAL', { reason });
}

function nullIfWildcard(value: string): string | null {
  return value === wildcard ? null : value;
}

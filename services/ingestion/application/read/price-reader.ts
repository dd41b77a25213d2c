/** Reads the data of a quote: the products and rules that a worker would read, and counters without locks. */
import {
  type Coupon,
  type CouponLevels,
  customerKey,
  noCouponLevels,
  noRules,
  type Product,
  type Rules,
} from '../../../domain/index.ts';
import {
  couponUses,
  type ProductRow,
  productColumns,
  productsFrom,
  type RateRules,
  selectCoupons,
  selectRateRules,
  selectRuleVersions,
  unpaidUnitsOf,
} from '../../../orders-db/index.ts';
import { appError } from '../../../shared/errors/index.ts';
import { placeholders, type Queryable } from '../../../shared/mysql/index.ts';

export interface QuotePrices {
  readonly products: ReadonlyMap<string, Product>;
  readonly rules: Rules;
  readonly couponLevels: CouponLevels;
  /** Units in unpaid orders of the customer; empty without a limit. */
  readonly unpaidLevels: ReadonlyMap<string, number>;
}

export interface QuoteNeeds {
  readonly skus: readonly string[];
  readonly couponCode: string | null;
  readonly customerId: string;
}

/** An import would have to commit between the reads of each of these attempts. */
const attemptsMax = 20;

/** Keeps the rates until their version changes. */
export function createPriceReader(db: Queryable): (needs: QuoteNeeds) => Promise<QuotePrices> {
  let kept: { readonly version: number; readonly rates: RateRules } = { version: -1, rates: noRules };

  const readRules = async (couponCode: string | null): Promise<Rules> => {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const before = await selectRuleVersions(db);
      const isKept = before.rates === kept.version;
      if (isKept && couponCode === null)
        return { ...kept.rates, version: before.coupons + before.rates, coupons: new Map() };
      const rates = isKept ? kept.rates : await selectRateRules(db);
      const coupons = couponCode === null ? [] : await selectCoupons(db, [couponCode]);
      const after = await selectRuleVersions(db);
      if (before.coupons !== after.coupons || before.rates !== after.rates) continue;
      kept = { version: after.rates, rates };
      const byCode = new Map(coupons.map((coupon) => [coupon.code, coupon]));
      return { ...rates, version: after.coupons + after.rates, coupons: byCode };
    }
    throw appError('INTERNAL', { reason: `the price rules changed during ${attemptsMax} reads` });
  };

  return async ({ skus, couponCode, customerId }) => {
    const rows = await db.rows<ProductRow>(
      `SELECT ${productColumns} FROM products p LEFT JOIN price_breaks b ON b.sku = p.sku WHERE p.sku IN (${placeholders(skus)})`,
      skus,
    );
    const rules = await readRules(couponCode);
    const coupon = couponCode === null ? undefined : rules.coupons.get(couponCode);
    const couponLevels = coupon === undefined ? noCouponLevels : await readLevels(db, coupon, customerId);
    const unpaidLevels = new Map(
      rules.unpaidUnitsMax === null ? [] : [[customerId, await unpaidUnitsOf(db, customerId)]],
    );
    return { products: productsFrom(rows), rules, couponLevels, unpaidLevels };
  };
}

async function readLevels(db: Queryable, coupon: Coupon, customerId: string): Promise<CouponLevels> {
  const { code, totalLimit, customerLimit } = coupon;
  if (totalLimit === null && customerLimit === null) return noCouponLevels;
  const { available, used } = await couponUses(db, code, customerId);
  return {
    totals: new Map(totalLimit === null ? [] : [[code, available]]),
    customers: new Map(customerLimit === null ? [] : [[customerKey(code, customerId), used]]),
  };
}

/**
 * Prices an order with one snapshot of the catalogue and the rules: pure stages, in this order. Amounts are integer minor
 * units. A quote uses the same function as the decision.
 */
import type { PlaceOrder, Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';
import { applyCoupon, type CouponEffect, findCoupon } from './coupon.ts';
import { amountMax } from './money.ts';
import type { Coupon, Rules } from './rules.ts';
import { shippingPrice } from './shipping.ts';
import { type TaxedAmount, type Taxes, taxesOf } from './tax.ts';

export interface PriceBreak {
  /** The unit price of orders with at least this many units of the SKU. */
  readonly quantity: number;
  readonly unitPrice: number;
}

export interface Product {
  readonly sku: string;
  readonly name: string;
  /** Minor units of `currency`. */
  readonly unitPrice: number;
  readonly currency: string;
  readonly weightGrams: number;
  readonly taxCategory: string;
  /** Smallest quantity first; null without any. */
  readonly breaks: readonly PriceBreak[] | null;
}

export interface PricedLine {
  readonly sku: string;
  readonly name: string | null;
  readonly quantity: number;
  /** Null only on a line of a rejected order that has no price. */
  readonly unitPrice: number | null;
  readonly lineTotal: number | null;
}

/** A line with its part of the discount and of the taxes. */
interface DecidedLine extends PricedLine {
  readonly discount: number;
  /** Tax that is added to the price. */
  readonly tax: number;
  /** Tax that the price contains. */
  readonly taxIncluded: number;
  readonly taxRatePpm: number;
}

/** A line while its order is priced. */
type OpenLine = { -readonly [Field in keyof DecidedLine]: DecidedLine[Field] };

/** A priced order. This always holds: total = subtotal - discount + shipping + tax. */
export interface PricedOrder {
  readonly lines: readonly DecidedLine[];
  readonly subtotal: number;
  readonly discount: number;
  readonly shipping: number;
  /** Tax on top of prices and shipping. */
  readonly tax: number;
  /** Tax that prices and shipping contain. */
  readonly taxIncluded: number;
  readonly shippingTaxRatePpm: number;
  readonly total: number;
}

export interface Pricing {
  readonly priced: PricedOrder;
  readonly reason: Reason | null;
  /** The coupon that was applied. */
  readonly coupon: Coupon | null;
}

/** The category of shipping in the tax rates. */
const shippingCategory = 'shipping';

/**
 * Prices every line, in order, and then the order. Returns the priced order and the first reason to reject it.
 * The checks are, in order: coupon code, lines, terms of the coupon, shipping, tax, total. The result lists
 * every line. A line with an unknown product has no price. An order that is rejected before its total is known
 * has no discount, shipping and tax.
 *
 * @param issuedAtMs the time of the command, epoch ms
 */
export function priceOrder(
  place: PlaceOrder,
  products: ReadonlyMap<string, Product>,
  rules: Rules,
  issuedAtMs: number,
): Pricing {
  const found = place.couponCode === null ? null : findCoupon(rules, place.couponCode);
  const coupon = found !== null && !isReason(found) ? found : null;
  const { lines, subtotal, reason: lineReason } = priceLines(place, products, rules);
  const reason = (isReason(found) ? found : null) ?? lineReason;
  if (subtotal > amountMax) return refused(unpriced(place), reason ?? reasons.amountTooLarge());
  if (reason !== null) return refused(undiscounted(lines, subtotal), reason);

  const expected = place.expectedTotal;
  if (coupon === null && rules.tax === null && rules.shipping === null) {
    return finish(place, expected, null, undiscounted(lines, subtotal));
  }
  return applyRules({ place, products, rules, issuedAtMs, coupon, lines, subtotal, expected });
}

interface RuledOrder {
  readonly place: PlaceOrder;
  readonly products: ReadonlyMap<string, Product>;
  readonly rules: Rules;
  readonly issuedAtMs: number;
  readonly coupon: Coupon | null;
  readonly lines: OpenLine[];
  readonly subtotal: number;
  readonly expected: number | null;
}

/** Coupon, shipping and tax of an order whose lines can be sold. */
function applyRules(order: RuledOrder): Pricing {
  const { place, products, rules, coupon, lines, subtotal, expected } = order;
  const refuse = (reason: Reason) => refused(undiscounted(lines, subtotal), reason);
  const effect = coupon === null ? noEffect : effectOf(coupon, order);
  if (isReason(effect)) return refuse(effect);

  const shipping = effect.freeShipping ? freeShipping(order) : paidShipping(order);
  if (isReason(shipping)) return refuse(shipping);

  const { discount, lineDiscounts } = effect;
  const { country = null, region = null } = place.shippingAddress ?? {};
  const taxes =
    rules.tax === null
      ? noTaxes
      : taxesOf(rules.tax, { country, region }, taxedAmounts(lines, lineDiscounts, products, shipping));
  if (isReason(taxes)) return refuse(taxes);
  const tax = taxes.inclusive ? 0 : taxes.total;
  // Nothing refuses the lines as they are any more, and nobody else has them. So they need no copies.
  completeLines(lines, lineDiscounts, taxes);
  return finish(place, expected, coupon, {
    lines,
    subtotal,
    discount,
    shipping,
    tax,
    taxIncluded: taxes.total - tax,
    shippingTaxRatePpm: shipping === 0 ? 0 : (taxes.parts[lines.length]?.ratePpm ?? 0),
    total: subtotal - discount + shipping + tax,
  });
}

const noTaxes: Taxes = { inclusive: false, total: 0, parts: [] };

/** Writes the discount and the tax of each line. */
function completeLines(
  lines: readonly OpenLine[],
  lineDiscounts: readonly number[],
  { inclusive, parts }: Taxes,
): void {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    line.discount = lineDiscounts[index] ?? 0;
    const part = parts[index];
    if (part === undefined) continue;
    line.taxRatePpm = part.ratePpm;
    if (inclusive) line.taxIncluded = part.tax;
    else line.tax = part.tax;
  }
}

const noEffect: CouponEffect = { discount: 0, lineDiscounts: [], freeShipping: false };

function effectOf(coupon: Coupon, { place, lines, issuedAtMs }: RuledOrder): CouponEffect | Reason {
  const lineTotals = lines.map(({ lineTotal }) => lineTotal!);
  return applyCoupon(coupon, place, lineTotals, issuedAtMs);
}

/** The price of shipping with a coupon for free shipping. The order is still rejected where the shop does not ship. */
function freeShipping(order: RuledOrder): number | Reason {
  const shipping = paidShipping(order);
  return isReason(shipping) ? shipping : 0;
}

function paidShipping({ place, products, rules, lines, subtotal }: RuledOrder): number | Reason {
  if (rules.shipping === null) return 0;
  const weightGrams = lines.reduce(
    (sum, { sku, quantity }) => sum + products.get(sku)!.weightGrams * quantity,
    0,
  );
  const country = place.shippingAddress?.country ?? null;
  return shippingPrice(rules.shipping, { country, currency: place.currency, weightGrams, subtotal });
}

/** The lines, then shipping. Shipping that costs nothing needs no rate. */
function taxedAmounts(
  lines: readonly DecidedLine[],
  lineDiscounts: readonly number[],
  products: ReadonlyMap<string, Product>,
  shipping: number,
): TaxedAmount[] {
  const amounts: TaxedAmount[] = lines.map(({ sku, lineTotal }, index) => ({
    category: products.get(sku)!.taxCategory,
    amount: lineTotal! - (lineDiscounts[index] ?? 0),
  }));
  if (shipping > 0) amounts.push({ category: shippingCategory, amount: shipping });
  return amounts;
}

/** The last stage. It checks that the total can be stored and equals the total that the client expects. */
function finish(
  place: PlaceOrder,
  expected: number | null,
  coupon: Coupon | null,
  priced: PricedOrder,
): Pricing {
  const { total, taxIncluded } = priced;
  if (total > amountMax || taxIncluded > amountMax) return refused(unpriced(place), reasons.amountTooLarge());
  const reason = expected !== null && expected !== total ? reasons.totalChanged(expected, total) : null;
  return { priced, reason, coupon };
}

function priceLines(
  place: PlaceOrder,
  products: ReadonlyMap<string, Product>,
  { flags }: Rules,
): { lines: OpenLine[]; subtotal: number; reason: Reason | null } {
  let reason: Reason | null = null;
  let subtotal = 0;
  let quantities: ReadonlyMap<string, number> | null = null;
  const lines: OpenLine[] = new Array(place.lines.length);
  for (let index = 0; index < place.lines.length; index++) {
    const { sku, quantity, expectedUnitPrice } = place.lines[index]!;
    const product = products.get(sku);
    if (product === undefined || product.currency !== place.currency) {
      reason ??=
        product === undefined
          ? reasons.unknownSku(index, sku)
          : reasons.currencyMismatch(index, place.currency, product.currency);
      lines[index] = line(sku, product?.name ?? null, quantity, null);
      continue;
    }
    let { unitPrice } = product;
    if (product.breaks !== null && flags.quantityBreaks === 'on') {
      quantities ??= quantitiesOf(place);
      unitPrice = unitPriceOf(product, product.breaks, quantities.get(sku)!);
    }
    lines[index] = line(sku, product.name, quantity, unitPrice);
    subtotal += unitPrice * quantity;
    if (expectedUnitPrice !== null && expectedUnitPrice !== unitPrice) {
      reason ??= reasons.priceChanged(index, expectedUnitPrice, unitPrice);
    }
  }
  return { lines, subtotal, reason };
}

/** Units of each SKU, over all lines. */
function quantitiesOf({ lines }: PlaceOrder): ReadonlyMap<string, number> {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return quantities;
}

function unitPriceOf(product: Product, breaks: readonly PriceBreak[], quantity: number): number {
  return breaks.findLast((each) => each.quantity <= quantity)?.unitPrice ?? product.unitPrice;
}

function line(sku: string, name: string | null, quantity: number, unitPrice: number | null): OpenLine {
  const lineTotal = unitPrice === null ? null : unitPrice * quantity;
  return { sku, name, quantity, unitPrice, lineTotal, discount: 0, tax: 0, taxIncluded: 0, taxRatePpm: 0 };
}

function refused(priced: PricedOrder, reason: Reason): Pricing {
  return { priced, reason, coupon: null };
}

function undiscounted(lines: readonly DecidedLine[], subtotal: number): PricedOrder {
  return {
    lines,
    subtotal,
    discount: 0,
    shipping: 0,
    tax: 0,
    taxIncluded: 0,
    shippingTaxRatePpm: 0,
    total: subtotal,
  };
}

function unpriced(place: PlaceOrder): PricedOrder {
  return undiscounted(
    place.lines.map(({ sku, quantity }) => line(sku, null, quantity, null)),
    0,
  );
}

function isReason(result: object | number | null): result is Reason {
  return typeof result === 'object' && result !== null && 'message' in result;
}

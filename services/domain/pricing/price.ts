/** Prices the lines of a PLACE command with one price snapshot. Amounts are integer minor units. */
import type { PlaceOrder, Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';

export interface Product {
  readonly sku: string;
  readonly name: string;
  /** Minor units of `currency`. */
  readonly unitPrice: number;
  readonly currency: string;
}

export interface PricedLine {
  readonly sku: string;
  readonly name: string | null;
  readonly quantity: number;
  /** Null only on a line of a rejected order that has no price. */
  readonly unitPrice: number | null;
  readonly lineTotal: number | null;
}

export interface PricedOrder {
  readonly lines: readonly PricedLine[];
  readonly subtotal: number;
  readonly discount: number;
  readonly shipping: number;
  readonly tax: number;
  readonly total: number;
}

/**
 * The largest amount. Up to this value, JavaScript, JSON and Avro readers keep integers exact. A larger amount is
 * refused.
 */
const amountMax = Number.MAX_SAFE_INTEGER;

/**
 * Prices every line, in order. Returns the priced order and the reason of the first line that cannot be sold as
 * requested. The result still lists later lines. A line with an unknown product has no price.
 */
export function priceOrder(
  place: PlaceOrder,
  products: ReadonlyMap<string, Product>,
): { priced: PricedOrder; reason: Reason | null } {
  let reason: Reason | null = place.couponCode === null ? null : reasons.couponUnknown(place.couponCode);
  let subtotal = 0;
  const lines: PricedLine[] = new Array(place.lines.length);
  for (let index = 0; index < place.lines.length; index++) {
    const { sku, quantity, expectedUnitPrice } = place.lines[index]!;
    const product = products.get(sku);
    if (product === undefined || product.currency !== place.currency) {
      reason ??=
        product === undefined
          ? reasons.unknownSku(index, sku)
          : reasons.currencyMismatch(index, place.currency, product.currency);
      lines[index] = unpricedLine(sku, product?.name ?? null, quantity);
      continue;
    }
    const lineTotal = product.unitPrice * quantity;
    subtotal += lineTotal;
    lines[index] = { sku, name: product.name, quantity, unitPrice: product.unitPrice, lineTotal };
    if (expectedUnitPrice !== null && expectedUnitPrice !== product.unitPrice) {
      reason ??= reasons.priceChanged(index, expectedUnitPrice, product.unitPrice);
    }
  }
  if (subtotal > amountMax) {
    reason ??= reasons.amountTooLarge();
    return { priced: unpriced(place), reason };
  }
  return { priced: { lines, subtotal, discount: 0, shipping: 0, tax: 0, total: subtotal }, reason };
}

function unpriced(place: PlaceOrder): PricedOrder {
  const lines = place.lines.map(({ sku, quantity }) => unpricedLine(sku, null, quantity));
  return { lines, subtotal: 0, discount: 0, shipping: 0, tax: 0, total: 0 };
}

function unpricedLine(sku: string, name: string | null, quantity: number): PricedLine {
  return { sku, name, quantity, unitPrice: null, lineTotal: null };
}

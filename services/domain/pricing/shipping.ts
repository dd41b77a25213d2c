/** The price of shipping: by country and weight, in the currency of the order. */
import type { Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';
import { type ShippingRate, type ShippingTable, shippingKey } from './rules.ts';

export interface Parcel {
  /** Null if the order has no address. Then only a wildcard fits. */
  readonly country: string | null;
  readonly currency: string;
  readonly weightGrams: number;
  /** Subtotal before coupons, because a coupon must not take away the free shipping of the customer. */
  readonly subtotal: number;
}

/**
 * The price in minor units, or SHIPPING_UNAVAILABLE. The rates of a country replace the wildcard
 * completely. An order that is too heavy for its country does not fall back to the wildcard.
 */
export function shippingPrice(table: ShippingTable, parcel: Parcel): number | Reason {
  const { country, currency, weightGrams, subtotal } = parcel;
  const rate = ratesFor(table, country, currency).find(
    ({ weightMaxGrams }) => weightMaxGrams === null || weightGrams <= weightMaxGrams,
  );
  if (rate === undefined) return reasons.shippingUnavailable(currency, weightGrams);
  return rate.freeFrom !== null && subtotal >= rate.freeFrom ? 0 : rate.amount;
}

function ratesFor(table: ShippingTable, country: string | null, currency: string): readonly ShippingRate[] {
  const own = country === null ? undefined : table.get(shippingKey(country, currency));
  return own ?? table.get(shippingKey(null, currency)) ?? [];
}

/** Prices an order without placing it. */
import type { PlaceOrder, Reason } from '../../../../schemas/index.ts';
import {
  acceptedStatus,
  openCouponLedger,
  openUnpaidLedger,
  type PricedOrder,
  priceOrder,
} from '../../../domain/index.ts';
import { Failure } from '../common/failure.ts';
import type { ReadTurns } from '../limits/reads.ts';
import type { OrderStore } from '../read/order-store.ts';
import type { PlaceOrderInput } from '../submit/place-order-input.ts';
import { placePayload } from '../submit/to-command.ts';

export interface QuoteDeps {
  readonly store: Pick<OrderStore, 'prices'>;
  readonly reads: ReadTurns;
  readonly nowMs: () => number;
}

export interface Quote {
  readonly currency: string;
  readonly priced: PricedOrder;
  /** Why the order would be rejected; null if it would not. */
  readonly reason: Reason | null;
}

/** The failure is STATE_UNAVAILABLE or SHARE_USED_UP. Never rejects. */
export async function quoteOrder(
  { store, reads, nowMs }: QuoteDeps,
  order: PlaceOrderInput,
  customerId: string,
): Promise<Quote | Failure> {
  const place = placePayload(order);
  const needs = { skus: place.lines.map(({ sku }) => sku), couponCode: place.couponCode, customerId };
  const prices = await reads.run(customerId, () => store.prices(needs));
  if (prices instanceof Failure) return prices;
  const { priced, reason: priceReason, coupon } = priceOrder(place, prices.products, prices.rules, nowMs());
  const ledger = openCouponLedger(prices.couponLevels, prices.rules.flags);
  const unpaid = openUnpaidLedger(prices.unpaidLevels, prices.rules.unpaidUnitsMax);
  const units = acceptedStatus(priced.total) === 'PAID' ? 0 : unitsOf(place);
  const reason =
    priceReason ??
    unpaid.tooLarge(units) ??
    (coupon === null ? null : ledger.refusal(coupon, customerId)) ??
    (units === 0 ? null : unpaid.refusal(customerId, units));
  return { currency: order.currency, priced, reason };
}

function unitsOf({ lines }: PlaceOrder): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** An order as decisions see it. */
import type { Redemption } from '../coupon-ledger.ts';
import type { LogPosition } from '../payments/payment.ts';
import type { OrderStatus } from './status.ts';

/** The part of an order that decisions need. */
export interface KnownOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly fingerprint: Uint8Array;
  readonly currency: string;
  /** The coupon counters that it took; null for none. */
  readonly redemption: Redemption | null;
  /** The units that it counted as unpaid when it was placed; 0 if the limit was off. */
  readonly unpaidUnits: number;
  /** The position of its PLACE command. */
  readonly placedAt: LogPosition;
  readonly total: number;
  readonly shipping: number;
  readonly tax: number;
  readonly paymentDueAtMs: number | null;
  /** From when on a DELIVERED order may be closed, epoch ms. Other orders do not need it. */
  closeAtMs: number | null;
  status: OrderStatus;
  version: number;
  /** Sums of its payments and refunds in its currency. */
  received: number;
  refundPending: number;
  refunded: number;
  disputed: number;
  /** Number of failed payments after which the order could still be paid. */
  failedAttempts: number;
  shippingRefunded: boolean;
  /** A change replaces the list and the changed lines, because a batch may be decided again. */
  lines: readonly KnownLine[];
  /** In the order of their numbers, from 1. Loaded only if `CommandNeeds.goodsOf` names the order; likewise `returns`. */
  shipments: readonly KnownShipment[];
  /** Number of its returns. */
  returns: number;
}

/** A parcel of an order. */
interface KnownShipment {
  readonly isDelivered: boolean;
}

/** A line of an order, with the units that are no longer as ordered; without them none are. */
export interface KnownLine extends LineUnitCounts {
  readonly sku: string;
  readonly quantity: number;
  /** Null only on a line of a rejected order that has no price. */
  readonly lineTotal: number | null;
  readonly discount: number;
  readonly tax: number;
}

/** Units of a line that are no longer as ordered. */
export interface LineUnitCounts {
  readonly cancelled?: number;
  readonly shipped?: number;
  readonly returned?: number;
  readonly restocked?: number;
  /** Units that are paid back. */
  readonly refunded?: number;
}

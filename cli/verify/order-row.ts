/** A row of `orders` with its lines, as the checks read it. */
import type { LineAmounts, MoneyAmounts, OrderAmounts } from './lane-log.ts';

export interface CheckedLine extends LineAmounts {
  /** From 1. */
  lineNo: number;
  cancelled: number;
  shipped: number;
  returned: number;
  restocked: number;
  /** Units that are paid back. */
  refunded: number;
}

export interface CheckedOrderRow extends OrderAmounts, MoneyAmounts {
  lines: CheckedLine[];
  key: number;
  id: string;
  status: string;
  version: number;
  customerId: string;
  couponCode: string | null;
  /** Bits of the coupon counters that the order took. */
  couponCounted: number;
  /** Units that the order counts as unpaid while it is. */
  unpaidUnits: number;
  /** The version at which its history was archived; 1 if it is all there. */
  historyFrom: number;
}

/** The usual form of an id in hexadecimal digits. */
export function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

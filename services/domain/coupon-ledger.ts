/**
 * The redemptions of a batch, by counter, while its commands are decided in offset order. The ledger works as the stock
 * ledger does. It decides exactly by a counter whose level was read. The database checks any other counter with a guard.
 *
 * Coupons differ from stock in one point. After an operator lowers a limit, fewer than 0 redemptions may be left. So a
 * guard may be 0 or less. A counter that only gets redemptions back has no guard at all.
 */
import type { Reason } from '../../schemas/generated/types.ts';
import type { Coupon, RuleFlags } from './pricing/rules.ts';
import * as reasons from './reasons.ts';

/** Bits of `coupon_counted`: the counters that an order took, and that it gives back. */
export const totalCounted = 1;
export const customerCounted = 2;

/** The redemption that an order holds. */
export interface Redemption {
  readonly code: string;
  /** Bits of the counters that the order took; 0 for none. */
  readonly counted: number;
}

export interface TotalChange {
  readonly code: string;
  /** Number of redemptions that the whole batch takes (> 0) or returns (< 0). */
  readonly net: number;
  /** The guard: how many must be left before the batch. Null if the batch only returns some. */
  readonly peak: number | null;
}

export interface CustomerChange extends TotalChange {
  readonly customerId: string;
  /** Largest number of redemptions of one customer; null if the batch only returns redemptions. */
  readonly limit: number | null;
}

/** Counters that were read for the batch. */
export interface CouponLevels {
  /** Redemptions that are left, by code. */
  readonly totals: ReadonlyMap<string, number>;
  /** Redemptions in use, by `customerKey`. */
  readonly customers: ReadonlyMap<string, number>;
}

export interface CouponChanges {
  /** Sorted by code, then by customer: the order in which every writer locks them. */
  readonly couponCustomers: readonly CustomerChange[];
  readonly couponTotals: readonly TotalChange[];
}

export interface CouponLedger {
  /** Why the customer cannot use the coupon; null if nothing that was read forbids it. */
  refusal(coupon: Coupon, customerId: string): Reason | null;
  /** Takes a redemption from the counters of the coupon. Returns the bits of these. */
  take(coupon: Coupon, customerId: string): number;
  giveBack(redemption: Redemption, customerId: string): void;
  changes(): CouponChanges;
}

export const noCouponLevels: CouponLevels = { totals: new Map(), customers: new Map() };

/** Codes and customers are visible ASCII without spaces. */
export function customerKey(code: string, customerId: string): string {
  return `${code} ${customerId}`;
}

interface Entry {
  net: number;
  peak: number | null;
  limit: number | null;
}

/** Opens the ledger of one batch. */
export function openCouponLedger(levels: CouponLevels, flags: RuleFlags): CouponLedger {
  const totals = new Map<string, Entry>();
  const customers = new Map<string, Entry>();
  const isCounting = flags.coupons === 'on';
  return {
    refusal({ code, totalLimit, customerLimit }, customerId) {
      if (!isCounting) return null;
      const left = levels.totals.get(code);
      if (totalLimit !== null && left !== undefined && left - netOf(totals, code) < 1)
        return reasons.couponExhausted(totalLimit);
      const key = customerKey(code, customerId);
      const used = levels.customers.get(key);
      if (customerLimit !== null && used !== undefined && used + netOf(customers, key) >= customerLimit)
        return reasons.couponUsed(customerLimit);
      return null;
    },
    take({ code, totalLimit, customerLimit }, customerId) {
      if (!isCounting) return 0;
      if (totalLimit !== null) takeOne(totals, code, null);
      if (customerLimit !== null) takeOne(customers, customerKey(code, customerId), customerLimit);
      return (totalLimit === null ? 0 : totalCounted) + (customerLimit === null ? 0 : customerCounted);
    },
    giveBack({ code, counted }, customerId) {
      if ((counted & totalCounted) !== 0) entryOf(totals, code).net -= 1;
      if ((counted & customerCounted) !== 0) entryOf(customers, customerKey(code, customerId)).net -= 1;
    },
    changes() {
      return {
        couponCustomers: sortedChanges(customers).map(([key, entry]) => {
          const blank = key.indexOf(' ');
          return { code: key.slice(0, blank), customerId: key.slice(blank + 1), ...entry };
        }),
        couponTotals: sortedChanges(totals).map(([code, { net, peak }]) => ({ code, net, peak })),
      };
    },
  };
}

function netOf(entries: ReadonlyMap<string, Entry>, key: string): number {
  return entries.get(key)?.net ?? 0;
}

function takeOne(entries: Map<string, Entry>, key: string, limit: number | null): void {
  const entry = entryOf(entries, key);
  entry.net += 1;
  entry.limit = limit;
  if (entry.peak === null || entry.net > entry.peak) entry.peak = entry.net;
}

function entryOf(entries: Map<string, Entry>, key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { net: 0, peak: null, limit: null };
    entries.set(key, entry);
  }
  return entry;
}

/** A space sorts before every character of a code, so the keys sort by code and then by customer. */
function sortedChanges(entries: ReadonlyMap<string, Entry>): [string, Entry][] {
  const changed = [...entries].filter(([, { net, peak }]) => net !== 0 || peak !== null);
  return changed.sort(([a], [b]) => (a < b ? -1 : 1));
}

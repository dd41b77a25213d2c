/**
 * The units that customers hold in unpaid orders, while the commands of a batch are decided in offset order. The ledger
 * works as that of coupons does. It decides exactly for a customer whose units were read. A guard of the database checks
 * all others. A customer who only gives units back has no guard, so a lowered limit never stops a lane.
 */
import type { Reason } from '../../schemas/generated/types.ts';
import * as reasons from './reasons.ts';

/** The limit of the switch `unpaidUnits`; null if it is `off`, and undefined for another text. */
export function readUnpaidUnits(value: string): number | null | undefined {
  if (value === 'off') return null;
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}

export interface UnpaidChange {
  readonly customerId: string;
  /** Units that the whole batch takes (> 0) or gives back (< 0). */
  readonly net: number;
  /** The guard: how many units the customer may hold before the batch. Null if the batch only gives units back. */
  readonly heldMax: number | null;
}

export interface UnpaidLedger {
  /** Why no customer can hold so many units; null if the limit allows them. */
  tooLarge(units: number): Reason | null;
  /** Why the customer cannot hold so many units more; null if nothing that was read forbids it. */
  refusal(customerId: string, units: number): Reason | null;
  /** Counts the units of an unpaid order. Returns those that it counted: none without a limit. */
  take(customerId: string, units: number): number;
  giveBack(customerId: string, units: number): void;
  /** Sorted by customer: the order in which every writer locks them. */
  changes(): UnpaidChange[];
}

/**
 * Opens the ledger of one batch.
 *
 * @param held units by customer, of the customers that were read
 * @param limit the units that a customer may hold; null is no limit
 */
export function openUnpaidLedger(held: ReadonlyMap<string, number>, limit: number | null): UnpaidLedger {
  const entries = new Map<string, { net: number; peak: number | null }>();
  const entryOf = (customerId: string) => {
    let entry = entries.get(customerId);
    if (entry === undefined) {
      entry = { net: 0, peak: null };
      entries.set(customerId, entry);
    }
    return entry;
  };
  return {
    tooLarge: (units) => (limit !== null && units > limit ? reasons.unpaidLimit(limit, units) : null),
    refusal(customerId, units) {
      const before = held.get(customerId);
      if (limit === null || before === undefined) return null;
      const isOver = before + (entries.get(customerId)?.net ?? 0) + units > limit;
      return isOver ? reasons.unpaidLimit(limit, units) : null;
    },
    take(customerId, units) {
      if (limit === null) return 0;
      const entry = entryOf(customerId);
      entry.net += units;
      // It may be below 0: a customer above a lowered limit gives units back first.
      entry.peak = Math.max(entry.peak ?? entry.net, entry.net);
      return units;
    },
    giveBack(customerId, units) {
      if (units > 0) entryOf(customerId).net -= units;
    },
    changes() {
      const changed = [...entries].filter(([, { net, peak }]) => net !== 0 || peak !== null);
      return changed
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([customerId, { net, peak }]) => ({
          customerId,
          net,
          heldMax: peak === null ? null : limit! - peak,
        }));
    },
  };
}

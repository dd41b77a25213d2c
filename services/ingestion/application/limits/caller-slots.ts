/**
 * Slots that callers hold for a while: waits, streams, bytes of a body in transit. No caller may hold more than
 * the number of free slots that remain. So one caller gets half of an idle service, the next a quarter. A
 * caller that holds little always finds a slot. Taking and giving back take constant time, for any number of
 * callers.
 */

/** `caller`: this caller holds too many. `all`: all slots are taken. */
type SlotRefusal = 'caller' | 'all';

export interface CallerSlots {
  /**
   * Takes this many slots, or none. Returns null if it took them, otherwise the reason. Each successful take
   * requires one `give`.
   */
  take(callerId: string, slots?: number): SlotRefusal | null;
  give(callerId: string, slots?: number): void;
  /** Number of taken slots. */
  taken(): number;
}

/** A function as `slotsMax` returns the present limit. */
export function createCallerSlots(slotsMax: number | (() => number)): CallerSlots {
  const maxNow = typeof slotsMax === 'number' ? () => slotsMax : slotsMax;
  const held = new Map<string, number>();
  let taken = 0;
  return {
    take(callerId, slots = 1) {
      const max = maxNow();
      if (taken + slots > max) return 'all';
      const own = (held.get(callerId) ?? 0) + slots;
      // A caller's first take may use all slots. It is refused only if too few are free.
      if (own > slots && own > max - taken - slots) return 'caller';
      held.set(callerId, own);
      taken += slots;
      return null;
    },
    give(callerId, slots = 1) {
      const left = (held.get(callerId) ?? 0) - slots;
      if (left > 0) held.set(callerId, left);
      else held.delete(callerId);
      taken -= slots;
    },
    taken: () => taken,
  };
}

/**
 * Slots that callers hold for a while: waits, streams, bytes of a body that is still coming. Nobody may hold more than
 * what is then still free. So one caller gets half of an idle service, the next a quarter, and a caller that holds little
 * always finds a slot. Taking and giving back cost the same, however many callers there are.
 */

/** `caller`: this caller holds too many. `all`: all slots are taken. */
type SlotRefusal = 'caller' | 'all';

export interface CallerSlots {
  /** Takes so many slots, or none: null when they were taken, else why not. Each take needs its `give`. */
  take(callerId: string, slots?: number): SlotRefusal | null;
  give(callerId: string, slots?: number): void;
  /** All that are taken. */
  taken(): number;
}

export function createCallerSlots(slotsMax: number): CallerSlots {
  const held = new Map<string, number>();
  let taken = 0;
  return {
    take(callerId, slots = 1) {
      if (taken + slots > slotsMax) return 'all';
      const own = (held.get(callerId) ?? 0) + slots;
      // The first may be as large as all: it is refused for want of room only.
      if (own > slots && own > slotsMax - taken - slots) return 'caller';
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

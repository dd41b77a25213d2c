/**
 * Places that callers hold for a while: waits, streams, bytes of a body that is still coming. Nobody may hold more than
 * what is then still free, so that one caller gets half of an idle service, the next a quarter, and who holds little always
 * finds room. Taking and giving back cost the same however many callers there are.
 */
export type PlaceRefusal = 'share' | 'full';

export interface Places {
  /** Takes so many places, or none: null when they were taken, else why not. Each take needs its `give`. */
  take(callerId: string, places?: number): PlaceRefusal | null;
  give(callerId: string, places?: number): void;
  /** All that are taken. */
  taken(): number;
}

export function createPlaces(placesMax: number): Places {
  const held = new Map<string, number>();
  let taken = 0;
  return {
    take(callerId, places = 1) {
      if (taken + places > placesMax) return 'full';
      const own = (held.get(callerId) ?? 0) + places;
      // The first may be as large as all: it is refused for want of room only.
      if (own > places && own > placesMax - taken - places) return 'share';
      held.set(callerId, own);
      taken += places;
      return null;
    },
    give(callerId, places = 1) {
      const left = (held.get(callerId) ?? 0) - places;
      if (left > 0) held.set(callerId, left);
      else held.delete(callerId);
      taken -= places;
    },
    taken: () => taken,
  };
}

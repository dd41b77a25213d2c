/**
 * Entries that expire, in steps of a second. Adding, removing and finding expired entries take constant time.
 */
export interface Expiries<T> {
  add(thing: T, expiresAtMs: number): void;
  /** `expiresAtMs` must be the value that `add` got. */
  delete(thing: T, expiresAtMs: number): void;
  /** Removes and returns expired entries, with an error of less than a second. */
  take(nowMs: number): T[];
}

/** The next call of `take` also returns entries that expire before `startMs`. */
export function createExpiries<T>(startMs: number): Expiries<T> {
  const bySecond = new Map<number, Set<T>>();
  let nextSecond = Math.floor(startMs / 1000);
  const secondOf = (expiresAtMs: number): number => Math.ceil(expiresAtMs / 1000);

  return {
    add(thing, expiresAtMs) {
      const second = Math.max(nextSecond, secondOf(expiresAtMs));
      const things = bySecond.get(second);
      if (things === undefined) bySecond.set(second, new Set([thing]));
      else things.add(thing);
    },
    delete(thing, expiresAtMs) {
      const second = secondOf(expiresAtMs);
      const things = bySecond.get(second);
      things?.delete(thing);
      if (things?.size === 0) bySecond.delete(second);
    },
    take(nowMs) {
      const taken: T[] = [];
      const second = Math.floor(nowMs / 1000);
      const takeSecond = (ended: number): void => {
        taken.push(...(bySecond.get(ended) ?? []));
        bySecond.delete(ended);
      };
      // After a far jump of the clock, visit only the seconds that have entries.
      if (second - nextSecond > bySecond.size) {
        for (const ended of [...bySecond.keys()]) if (ended <= second) takeSecond(ended);
      } else for (let ended = nextSecond; ended <= second; ended++) takeSecond(ended);
      nextSecond = Math.max(nextSecond, second + 1);
      return taken;
    },
  };
}

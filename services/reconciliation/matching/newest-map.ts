/**
 * A Map that keeps its newest entries. Which is the oldest is read off a queue: the first live entry of a large Map has to
 * be looked for behind all that were deleted, which costs more than everything else that is done with an outcome.
 */
export interface NewestMap<K, V> {
  readonly size: number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  /** Sets the entry anew, as the newest one; gives what had to be forgotten for it. */
  set(key: K, value: V): V | undefined;
  values(): V[];
}

interface Entry<V> {
  readonly value: V;
  /** Of the place in the queue that counts for it. */
  readonly turn: number;
}

/** Places that were left behind are dropped in one go, once there are as many as this. */
const leftBehindMax = 1_024;

/** @param entriesMax at least 1 */
export function createNewestMap<K, V>(entriesMax: number): NewestMap<K, V> {
  const entries = new Map<K, Entry<V>>();
  /** Keys in the order in which they were set; one that was set again stands there twice. */
  let queue: K[] = [];
  /** The turn of the first place in the queue, and the place that is next to be forgotten. */
  let firstTurn = 0;
  let head = 0;

  const forgetOldest = (): V | undefined => {
    for (; head < queue.length; head++) {
      const key = queue[head]!;
      const entry = entries.get(key);
      if (entry?.turn !== firstTurn + head) continue;
      entries.delete(key);
      return entry.value;
    }
    return undefined;
  };
  const tidy = (): void => {
    if (queue.length < 2 * entriesMax + leftBehindMax) return;
    const live = queue.filter((key, place) => entries.get(key)?.turn === firstTurn + place);
    for (const [place, key] of live.entries()) {
      entries.set(key, { value: entries.get(key)!.value, turn: firstTurn + queue.length + place });
    }
    firstTurn += queue.length;
    queue = live;
    head = 0;
  };

  return {
    get size() {
      return entries.size;
    },
    has: (key) => entries.has(key),
    get: (key) => entries.get(key)?.value,
    set(key, value) {
      entries.set(key, { value, turn: firstTurn + queue.length });
      queue.push(key);
      const forgotten = entries.size > entriesMax ? forgetOldest() : undefined;
      tidy();
      return forgotten;
    },
    values: () => [...entries.values()].map(({ value }) => value),
  };
}

/**
 * A Map that keeps its newest entries. A queue shows which entry is the oldest. In a large Map the first live entry
 * comes after all deleted entries. To find it would cost more than all other work on an outcome.
 */
export interface NewestMap<K, V> {
  readonly size: number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  /** Sets the entry as the newest one. Returns the value that was evicted for it. */
  set(key: K, value: V): V | undefined;
  values(): V[];
}

interface Entry<V> {
  readonly value: V;
  /** The number of the queue entry that is valid for this entry. */
  readonly turn: number;
}

/** Outdated queue entries are dropped together once there are this many. */
const leftBehindMax = 1_024;

/** @param entriesMax at least 1 */
export function createNewestMap<K, V>(entriesMax: number): NewestMap<K, V> {
  const entries = new Map<K, Entry<V>>();
  /** Keys in the order in which they were set. A key that was set again is in the queue twice. */
  let queue: K[] = [];
  /** The turn of the first queue entry, and the index of the next entry to evict. */
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

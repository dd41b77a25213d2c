/**
 * A Map that drops the entries that were set longest ago. It has two generations of entries. When the young
 * generation is full, it becomes the old one, and the previous old generation is dropped. Deleting single entries
 * from a large Map is much slower. To find its first live entry, a Map skips all deleted ones.
 */
export interface BoundedMap<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
}

/** Holds at least the last `entriesMax / 2` entries that were set, and never more than `entriesMax`. */
export function createBoundedMap<K, V>(entriesMax: number): BoundedMap<K, V> {
  const generationMax = Math.max(1, Math.floor(entriesMax / 2));
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      if (young.size >= generationMax && !young.has(key)) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    },
  };
}

export type TokenCache<T> = {
  get(key: string, nowMs: number): T | undefined;
  set(key: string, value: T, untilMs: number): void;
  clear(): void;
  readonly size: number;
};

/** A bounded cache whose entries expire. Beyond `sizeMax` the oldest entry is evicted. */
export function createTokenCache<T>(sizeMax: number): TokenCache<T> {
  const entries = new Map<string, { value: T; untilMs: number }>();
  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (nowMs < entry.untilMs) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, untilMs) {
      entries.delete(key);
      entries.set(key, { value, untilMs });
      if (entries.size <= sizeMax) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

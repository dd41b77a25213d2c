/**
 * SKUs that are known to be short. A batch that asks for one of them reads its level before it decides. So a
 * sold-out sale is decided once, without a rollback and a retry. The writers of a process share it.
 */
export interface LowStock {
  /** Those of `skus` that are known to be short, each once. */
  among(skus: Iterable<string>): string[];
  add(skus: Iterable<string>): void;
  /** A level was read: a SKU with many times the requested quantity is no longer short. */
  observe(sku: string, level: number, asked: number): void;
  readonly size: number;
}

const skusMax = 10_000;
/** If a level is this many times one batch's demand, a few parallel batches do not exhaust it. */
const plentyFactor = 20;

export function createLowStock(): LowStock {
  // Insertion order is age. A full set drops its oldest SKU, which the next rollback adds again.
  const short = new Set<string>();
  return {
    among(skus) {
      if (short.size === 0) return [];
      const found = new Set<string>();
      for (const sku of skus) if (short.has(sku)) found.add(sku);
      return [...found];
    },
    add(skus) {
      for (const sku of skus) {
        short.delete(sku);
        short.add(sku);
        if (short.size > skusMax) short.delete(short.values().next().value!);
      }
    },
    observe(sku, level, asked) {
      if (level > asked * plentyFactor) short.delete(sku);
    },
    get size() {
      return short.size;
    },
  };
}

/**
 * SKUs that are known to be short. A batch that asks for one of them reads its level before it decides. So a sold-out sale
 * is decided once, instead of being tried, rolled back and decided again. The writers of a process share it.
 */
export interface LowStock {
  /** Those of `skus` that are known to be short, each once. */
  among(skus: Iterable<string>): string[];
  add(skus: Iterable<string>): void;
  /** A level was read: a SKU that holds many times what was asked for is no longer short. */
  observe(sku: string, level: number, asked: number): void;
  readonly size: number;
}

const skusMax = 10_000;
/** A level this many times what one batch asked for will not be exhausted by a few batches at once. */
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

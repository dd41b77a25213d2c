/**
 * Which SKUs are known to be short. A batch that asks for one of them reads its level before it decides, so that a
 * sold-out sale is decided once instead of being tried, rolled back and decided again. Shared by a process's writers.
 */
export interface Scarcity {
  /** Those of `skus` that are known to be short, each once. */
  among(skus: Iterable<string>): string[];
  mark(skus: Iterable<string>): void;
  /** Tells what was read: a SKU that holds many times what was asked for is scarce no longer. */
  observe(sku: string, level: number, asked: number): void;
  readonly size: number;
}

const skusMax = 10_000;
/** A level this many times what one batch asked for will not be exhausted by a few batches at once. */
const plentyFactor = 20;

export function createScarcity(): Scarcity {
  // Insertion order is age: the oldest goes when the set is full, and is found again by its next rollback.
  const scarce = new Set<string>();
  return {
    among(skus) {
      if (scarce.size === 0) return [];
      const found = new Set<string>();
      for (const sku of skus) if (scarce.has(sku)) found.add(sku);
      return [...found];
    },
    mark(skus) {
      for (const sku of skus) {
        scarce.delete(sku);
        scarce.add(sku);
        if (scarce.size > skusMax) scarce.delete(scarce.values().next().value!);
      }
    },
    observe(sku, level, asked) {
      if (level > asked * plentyFactor) scarce.delete(sku);
    },
    get size() {
      return scarce.size;
    },
  };
}

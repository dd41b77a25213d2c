/**
 * The SKUs that are known to be short of stock. A batch that needs such a SKU reads its level before it decides. So
 * orders for a sold-out SKU cause no rollback and no retry. The writers of a process share this set.
 */
export interface LowStock {
  /** The SKUs of `skus` that are known to be short, without repeats. */
  among(skus: Iterable<string>): string[];
  add(skus: Iterable<string>): void;
  /** Takes a level that was read. A SKU with many times the requested quantity is no longer short. */
  observe(sku: string, level: number, asked: number): void;
  readonly size: number;
}

/**
 * What is known to be short: SKUs, codes of coupons, and customers' uses of coupons by `customerKey`. `unpaid` has the
 * customers who hold nearly as many unpaid units as they may.
 */
export interface LowLevels {
  readonly stock: LowStock;
  readonly totals: LowStock;
  readonly customers: LowStock;
  readonly unpaid: LowStock;
}

export function createLowLevels(): LowLevels {
  return {
    stock: createLowStock(),
    totals: createLowStock(),
    customers: createLowStock(),
    unpaid: createLowStock(),
  };
}

const skusMax = 10_000;
/** A level of this many times the demand of one batch is enough for a few parallel batches. */
const plentyFactor = 20;

export function createLowStock(): LowStock {
  // The set keeps its SKUs in order of insertion. A full set drops its oldest SKU. The next rollback adds this SKU
  // again.
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

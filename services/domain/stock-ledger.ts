/**
 * What a batch does to the stock, SKU by SKU, while its commands are decided in offset order.
 *
 * A SKU whose level was read (`levels`) is decided exactly. Any other is assumed to suffice, and the assumption is
 * handed to the database as a guard: `peak` is the most that was out at any moment of the batch, so that
 * `available >= peak` holds if and only if every single take in the batch could be served in its order.
 */
export interface StockChange {
  readonly sku: string;
  /** Units that the whole batch takes (> 0) or gives back (< 0). */
  readonly net: number;
  /** The guard: the level that must be there before the batch; 0 where the batch only gives back. */
  readonly peak: number;
}

export interface StockLedger {
  /** How many units are left to take, or null when the SKU's level was not read. */
  left(sku: string): number | null;
  take(sku: string, quantity: number): void;
  giveBack(sku: string, quantity: number): void;
  /** The changes, sorted by SKU so that every writer locks stock rows in the same order. */
  changes(): StockChange[];
}

/** Opens the ledger of one batch. `levels`: available units of the SKUs that were read for it. */
export function openStockLedger(levels: ReadonlyMap<string, number>): StockLedger {
  const entries = new Map<string, { sku: string; net: number; peak: number }>();

  const entry = (sku: string) => {
    let found = entries.get(sku);
    if (found === undefined) {
      found = { sku, net: 0, peak: 0 };
      entries.set(sku, found);
    }
    return found;
  };

  return {
    left(sku) {
      const level = levels.get(sku);
      return level === undefined ? null : level - (entries.get(sku)?.net ?? 0);
    },
    take(sku, quantity) {
      const line = entry(sku);
      line.net += quantity;
      if (line.net > line.peak) line.peak = line.net;
    },
    giveBack(sku, quantity) {
      entry(sku).net -= quantity;
    },
    changes() {
      const changes: StockChange[] = [];
      for (const sku of [...entries.keys()].sort()) {
        const line = entries.get(sku)!;
        if (line.net !== 0 || line.peak > 0) changes.push(line);
      }
      return changes;
    },
  };
}

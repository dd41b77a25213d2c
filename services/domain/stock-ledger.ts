/**
 * The stock changes of a batch, by SKU, while its commands are decided in offset order.
 *
 * If the level of a SKU was read (`levels`), the decision is exact. The decision assumes enough stock of any other
 * SKU. The database checks this with a guard. The guard `peak` is the largest number of units taken at any moment of
 * the batch. So `available >= peak` holds exactly if the stock suffices for every take of the batch in its order.
 */
export interface StockChange {
  readonly sku: string;
  /** Number of units that the whole batch takes (> 0) or returns (< 0). */
  readonly net: number;
  /** The guard: the stock level that the batch needs at its start; 0 if the batch only returns units. */
  readonly peak: number;
  /** Units that the whole batch ships (> 0), or that come back from customers (< 0). */
  readonly shipped: number;
  /** Units that adjustments add (> 0) or take away (< 0). They are a part of `net` too. */
  readonly added: number;
}

export interface StockLedger {
  /** The units left to take, or null if the level of the SKU was not read. */
  left(sku: string): number | null;
  take(sku: string, quantity: number): void;
  giveBack(sku: string, quantity: number): void;
  /** Units that were taken before leave the warehouse. */
  ship(sku: string, quantity: number): void;
  /** Adds units to the stock of a SKU, or takes them away. */
  adjust(sku: string, delta: number): void;
  /** The changes, sorted by SKU so that every writer locks stock rows in the same order. */
  changes(): StockChange[];
}

/** Opens the ledger of one batch. `levels` has the available units of the SKUs that were read. */
export function openStockLedger(levels: ReadonlyMap<string, number>): StockLedger {
  const entries = new Map<
    string,
    { sku: string; net: number; peak: number; shipped: number; added: number }
  >();

  const entry = (sku: string) => {
    let found = entries.get(sku);
    if (found === undefined) {
      found = { sku, net: 0, peak: 0, shipped: 0, added: 0 };
      entries.set(sku, found);
    }
    return found;
  };

  const take = (sku: string, quantity: number) => {
    const line = entry(sku);
    line.net += quantity;
    if (line.net > line.peak) line.peak = line.net;
  };

  return {
    left(sku) {
      const level = levels.get(sku);
      return level === undefined ? null : level - (entries.get(sku)?.net ?? 0);
    },
    take,
    giveBack(sku, quantity) {
      entry(sku).net -= quantity;
    },
    ship(sku, quantity) {
      entry(sku).shipped += quantity;
    },
    adjust(sku, delta) {
      take(sku, -delta);
      entry(sku).added += delta;
    },
    changes() {
      const changes: StockChange[] = [];
      for (const sku of [...entries.keys()].sort()) {
        const line = entries.get(sku)!;
        if (line.net !== 0 || line.peak > 0 || line.shipped !== 0 || line.added !== 0) changes.push(line);
      }
      return changes;
    },
  };
}

/** Reads the stock of one SKU. */
import type { Queryable } from '../../../shared/mysql/index.ts';

/** Units of a SKU. This always holds: onHand = available + committed. */
export interface StockLevel {
  readonly sku: string;
  /** Units that new orders can get. */
  readonly available: number;
  /** Units of orders that are not shipped. */
  readonly committed: number;
  /** Units in the warehouse. */
  readonly onHand: number;
}

export interface StockLevels {
  /** Null if the SKU has no stock. Rejects if MySQL is unavailable. */
  find(sku: string): Promise<StockLevel | null>;
}

export function createStockLevels(db: Queryable): StockLevels {
  return {
    async find(sku) {
      const [row] = await db.rows<Pick<StockLevel, 'available' | 'onHand'>>(
        'SELECT available, initial + added - shipped AS onHand FROM stock WHERE sku = ?',
        [sku],
      );
      if (row === undefined) return null;
      const { available, onHand } = row;
      return { sku, available, committed: onHand - available, onHand };
    },
  };
}

/**
 * The price snapshot: products as of one catalogue version, kept until the version moves. Every batch checks the
 * version with the read that also fetches the products it misses, so that no order is priced from two versions and a
 * quote is never newer than a decision.
 */
import type { Product } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { text } from './sql-text.ts';

export interface PriceSnapshot {
  readonly version: number;
  /** A SKU that is not in it has no product. */
  readonly products: ReadonlyMap<string, Product>;
}

export interface Catalogue {
  /** The snapshot that knows all of `skus`, repeated ones allowed. */
  snapshot(session: Session, skus: readonly string[]): Promise<PriceSnapshot>;
}

type SnapshotRow = {
  version: number;
  sku: string | null;
  name: string;
  unit_price: number;
  currency: string;
};

/**
 * Opens a catalogue that keeps at most `productsMax` products (about 300 bytes each). Each writer has its own: two
 * batches that fetched side by side could otherwise forget each other's products half way.
 */
export function createCatalogue({ productsMax = 100_000 }: { productsMax?: number } = {}): Catalogue {
  let version = -1;
  let products = new Map<string, Product>();
  // SKUs without a product at this version, so that a storm of unknown ones is not looked up again and again.
  let absent = new Set<string>();

  const forget = () => {
    products = new Map();
    absent = new Set();
  };

  return {
    async snapshot(session, skus) {
      if (products.size + absent.size + skus.length > productsMax) forget();
      let missing = new Set(skus.filter((sku) => !products.has(sku) && !absent.has(sku)));
      let rows = await readSnapshot(session, missing);
      if (rows[0]!.version !== version) {
        forget();
        missing = new Set(skus);
        rows = await readSnapshot(session, missing);
        version = rows[0]!.version;
      }
      for (const row of rows) {
        if (row.sku === null) continue;
        const { sku, name, unit_price: unitPrice, currency } = row;
        products.set(sku, { sku, name, unitPrice, currency });
      }
      for (const sku of missing) if (!products.has(sku)) absent.add(sku);
      return { version, products };
    },
  };
}

/** One statement, hence one read view: the version and the rows belong together. */
function readSnapshot(session: Session, skus: ReadonlySet<string>): Promise<SnapshotRow[]> {
  const list = skus.size === 0 ? "''" : [...skus].map(text).join(',');
  return session.rows<SnapshotRow>(
    'SELECT c.version, p.sku, p.name, p.unit_price, p.currency FROM catalogue_state c ' +
      `LEFT JOIN products p ON p.sku IN (${list}) WHERE c.id = 1`,
  );
}

/**
 * The price snapshot: products of one catalogue version, kept until the version changes. One read per batch checks
 * the version and fetches missing products. So no order has prices of two versions.
 */
import type { Product } from '../../domain/index.ts';
import { type ProductRow, productColumns, productsFrom, type RuleVersions } from '../../orders-db/index.ts';
import { type Answer, nowSql, rowsOf, type Session, StatementBuffer } from '../../shared/mysql/index.ts';

export interface PriceSnapshot {
  readonly version: number;
  /** Time of the database at this read, epoch ms. All workers use this clock, not their own clocks. */
  readonly nowMs: number;
  /** Products by SKU. A SKU without an entry has no product. */
  readonly products: ReadonlyMap<string, Product>;
  /** Versions of the price rules at this read. */
  readonly ruleVersions: RuleVersions;
}

export interface PriceCatalogue {
  /** Writes the read for a snapshot to the buffer. The snapshot has all of `skus`, which may contain repeats. */
  ask(buffer: StatementBuffer, skus: readonly string[]): PriceQuestion;
}

/** A read in the buffer. The next read may be written after this read is answered or has failed. */
interface PriceQuestion {
  /** Index of the read in the script. */
  readonly place: number;
  /** Returns the snapshot from this response. Reads again in `session` if the version has changed. */
  answered(session: Session, answer: Answer | undefined): Promise<PriceSnapshot>;
}

type SnapshotRow = { [Column in keyof ProductRow]: ProductRow[Column] | null } & {
  version: number;
  nowMs: number;
  coupons_version: number;
  rates_version: number;
};

/**
 * Opens a catalogue of at most `productsMax` products (about 300 bytes each). Each writer has its own.
 * Otherwise two parallel batches could remove each other's products while they read.
 */
export function createCatalogue({ productsMax = 100_000 }: { productsMax?: number } = {}): PriceCatalogue {
  let version = -1;
  let products = new Map<string, Product>();
  // SKUs without a product at this version, so that many orders with unknown SKUs cause only one lookup.
  let absent = new Set<string>();

  const forget = () => {
    products = new Map();
    absent = new Set();
  };

  const snapshotOf = async (
    session: Session,
    skus: readonly string[],
    asked: ReadonlySet<string>,
    answer: Answer | undefined,
  ): Promise<PriceSnapshot> => {
    let missing = asked;
    let rows = rowsOf<SnapshotRow>(answer);
    if (rows[0]!.version !== version) {
      forget();
      missing = new Set(skus);
      rows = await readAnew(session, missing);
      version = rows[0]!.version;
    }
    for (const [sku, product] of productsFrom(rows.filter(isProduct))) products.set(sku, product);
    for (const sku of missing) if (!products.has(sku)) absent.add(sku);
    const { nowMs, coupons_version: coupons, rates_version: rates } = rows[0]!;
    return { version, nowMs, products, ruleVersions: { coupons, rates } };
  };

  return {
    ask(buffer, skus) {
      if (products.size + absent.size + skus.length > productsMax) forget();
      const missing = new Set(skus.filter((sku) => !products.has(sku) && !absent.has(sku)));
      return {
        place: layOutRead(buffer, missing),
        answered: (session, answer) => snapshotOf(session, skus, missing, answer),
      };
    },
  };
}

/** Without a product, the row only has the versions and the time. */
function isProduct(row: SnapshotRow): row is SnapshotRow & ProductRow {
  return row.sku !== null;
}

/** One statement has one read view. So the rows belong to the version that it returns. */
function layOutRead(buffer: StatementBuffer, skus: ReadonlySet<string>): number {
  buffer.begin(
    `SELECT c.version, k.version AS coupons_version, r.version AS rates_version, ${nowSql} AS nowMs, ${productColumns} ` +
      'FROM catalogue_state c JOIN catalogue_state k ON k.id = 2 JOIN catalogue_state r ON r.id = 3 ' +
      'LEFT JOIN products p ON p.sku IN (',
  );
  if (skus.size === 0) buffer.text('');
  let isFirst = true;
  for (const sku of skus) {
    if (!isFirst) buffer.comma();
    buffer.text(sku);
    isFirst = false;
  }
  buffer.sql(') LEFT JOIN price_breaks b ON b.sku = p.sku WHERE c.id = 1');
  return buffer.end();
}

async function readAnew(session: Session, skus: ReadonlySet<string>): Promise<SnapshotRow[]> {
  const buffer = new StatementBuffer();
  layOutRead(buffer, skus);
  const [answer] = await session.run(buffer.script());
  return rowsOf(answer);
}

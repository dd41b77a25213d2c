/**
 * Imports the products of a file into `products` and `stock`, in one transaction.
 *
 * A repeated import is safe at any time. Names and prices follow the file, and a new SKU gets the stock of the
 * file. The stock of a known SKU does not change, because only sales and adjustments may change it.
 * `catalogue_state.version` rises only if a product changed. Otherwise price snapshots of workers stay valid.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type Actor, type AuditEntry, recordAudit } from '../../services/shared/audit/index.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';
import type { CatalogueRow } from './read-csv.ts';

export interface ImportResult {
  added: number;
  changed: number;
  unchanged: number;
  /** catalogue_state.version after the import. */
  version: number;
}

const ROWS_PER_STATEMENT_MAX = 500;

/**
 * Imports `rows`. `nowMs` becomes `updated_at_ms` of changed products. Products that the file leaves out do not
 * change. The audit log gets one row for the import and one for each changed product.
 */
export async function importCatalogue(
  db: Connection,
  rows: CatalogueRow[],
  nowMs: number,
  operator: Actor = currentOperator(),
): Promise<ImportResult> {
  await db.beginTransaction();
  try {
    const version = await lockVersion(db);
    const known = await readProducts(db);
    const added = rows.filter((row) => !known.has(row.sku));
    const changed = rows.filter((row) => {
      const product = known.get(row.sku);
      return product !== undefined && !sameProduct(product, row);
    });
    const touched = [...added, ...changed];
    const nextVersion = touched.length > 0 ? version + 1 : version;
    await writeProducts(db, touched, nextVersion, nowMs);
    await insertStock(db, rows);
    if (nextVersion !== version) {
      await db.query('UPDATE catalogue_state SET version = ? WHERE id = 1', [nextVersion]);
    }
    const result = {
      added: added.length,
      changed: changed.length,
      unchanged: rows.length - touched.length,
      version: nextVersion,
    };
    const entries = touched.map((row) => entryOf(row, known.get(row.sku), nextVersion));
    const imported: AuditEntry = {
      action: 'catalogue.imported',
      subjectId: String(nextVersion),
      details: { ...result },
    };
    await recordAudit(auditTargetOf(db), operator, [imported, ...entries], nowMs);
    await db.commit();
    return result;
  } catch (error) {
    await db.rollback();
    throw error;
  }
}

/** Locks and reads the version. Without the lock, two concurrent imports would use the same next version. */
async function lockVersion(db: Connection): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT version FROM catalogue_state WHERE id = 1 FOR UPDATE',
  );
  return Number(rows[0]?.['version'] ?? 0);
}

interface Product {
  name: string;
  unitPriceMinor: number;
  currency: string;
}

async function readProducts(db: Connection): Promise<Map<string, Product>> {
  const [rows] = await db.query<RowDataPacket[]>('SELECT sku, name, unit_price, currency FROM products');
  return new Map(
    rows.map((row) => [
      row['sku'],
      { name: row['name'], unitPriceMinor: Number(row['unit_price']), currency: row['currency'] },
    ]),
  );
}

function sameProduct(product: Product, row: CatalogueRow): boolean {
  return (
    product.name === row.name &&
    product.unitPriceMinor === row.unitPriceMinor &&
    product.currency === row.currency
  );
}

/** The changes of one product. They contain an old value only if it differs from the new value. */
function entryOf(row: CatalogueRow, before: Product | undefined, version: number): AuditEntry {
  const { name, unitPriceMinor, currency } = row;
  if (before === undefined) {
    const details = { name, unitPriceMinor, currency, version };
    return { action: 'product.added', subjectId: row.sku, details };
  }
  const details = {
    version,
    ...(before.name === name ? {} : { nameBefore: before.name, name }),
    ...(before.unitPriceMinor === unitPriceMinor
      ? {}
      : { unitPriceMinorBefore: before.unitPriceMinor, unitPriceMinor }),
    ...(before.currency === currency ? {} : { currencyBefore: before.currency, currency }),
  };
  return { action: 'product.changed', subjectId: row.sku, details };
}

async function writeProducts(
  db: Connection,
  rows: CatalogueRow[],
  version: number,
  nowMs: number,
): Promise<void> {
  for (const chunk of chunks(rows)) {
    await db.query(
      'INSERT INTO products (sku, name, unit_price, currency, version, updated_at_ms) VALUES ? ' +
        'ON DUPLICATE KEY UPDATE name = VALUES(name), unit_price = VALUES(unit_price), ' +
        'currency = VALUES(currency), version = VALUES(version), updated_at_ms = VALUES(updated_at_ms)',
      [chunk.map((row) => [row.sku, row.name, row.unitPriceMinor, row.currency, version, nowMs])],
    );
  }
}

/** Inserts only SKUs without a stock row. An upsert of all SKUs would lock rows that workers need. */
async function insertStock(db: Connection, rows: CatalogueRow[]): Promise<void> {
  const [known] = await db.query<RowDataPacket[]>('SELECT sku FROM stock');
  const knownSkus = new Set(known.map((row) => row['sku']));
  for (const chunk of chunks(rows.filter((row) => !knownSkus.has(row.sku)))) {
    await db.query('INSERT INTO stock (sku, initial, available) VALUES ?', [
      chunk.map((row) => [row.sku, row.stock, row.stock]),
    ]);
  }
}

/** Chunks in SKU order, because every writer of `stock` locks rows in this order. */
function chunks(rows: CatalogueRow[]): CatalogueRow[][] {
  const sorted = rows.toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
  const result: CatalogueRow[][] = [];
  for (let start = 0; start < sorted.length; start += ROWS_PER_STATEMENT_MAX) {
    result.push(sorted.slice(start, start + ROWS_PER_STATEMENT_MAX));
  }
  return result;
}

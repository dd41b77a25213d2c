/**
 * Imports the products of a file into `products`, `price_breaks` and `stock`, in one transaction.
 *
 * A repeated import is safe at any time. Names and prices follow the file, and a new SKU gets the stock of the
 * file. The stock of a known SKU does not change, because only sales and adjustments may change it.
 * `catalogue_state.version` rises only if a product changed. Otherwise price snapshots of workers stay valid.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { AuditEntry } from '../../services/shared/audit/index.ts';
import {
  changeAtVersion,
  chunksOf,
  countsOf,
  type ImportOptions,
  type RowsImport,
} from '../tables/import-version.ts';
import type { CatalogueRow } from './read-catalogue.ts';

/** A product as the table has it. */
export type Product = Required<Omit<CatalogueRow, 'stock'>>;

/**
 * Imports `rows`. Products that the file leaves out do not change. The audit log gets one row for the import and
 * one for each changed product.
 */
export function importCatalogue(
  db: Connection,
  rows: CatalogueRow[],
  options: ImportOptions,
): Promise<RowsImport> {
  return changeAtVersion(db, 'products', options, async (version) => {
    const known = new Map((await readProducts(db)).map((product) => [product.sku, product]));
    const wanted = rows.map((row) => productOf(row, known.get(row.sku)));
    const touched = wanted.filter((product) => !sameProduct(known.get(product.sku), product));
    await writeProducts(db, touched, version, options.nowMs);
    await writeBreaks(db, touched);
    await insertStock(db, rows);
    return {
      result: countsOf(rows, touched, ({ sku }) => known.has(sku)),
      isChange: touched.length > 0,
      imported: 'catalogue.imported',
      entries: touched.map((product) => entryOf(product, known.get(product.sku), version)),
    };
  });
}

/** The products with their breaks, by SKU; all of them without `skus`. */
export async function readProducts(db: Connection, skus: readonly string[] = []): Promise<Product[]> {
  const [where, params] = skus.length === 0 ? ['', []] : [' WHERE sku IN (?)', [skus]];
  const [breakRows] = await db.query<RowDataPacket[]>(
    `SELECT sku, min_quantity, unit_price FROM price_breaks${where} ORDER BY sku, min_quantity`,
    params,
  );
  const breaks = Map.groupBy(breakRows, (row) => row['sku'] as string);
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT sku, name, unit_price, currency, weight_grams, tax_category FROM products${where} ORDER BY sku`,
    params,
  );
  return rows.map((row) => ({
    sku: row['sku'],
    name: row['name'],
    unitPriceMinor: Number(row['unit_price']),
    currency: row['currency'],
    weightGrams: Number(row['weight_grams']),
    taxCategory: row['tax_category'],
    breaks: (breaks.get(row['sku']) ?? []).map((each) => ({
      quantity: Number(each['min_quantity']),
      unitPriceMinor: Number(each['unit_price']),
    })),
  }));
}

/** The product after the import. A column that the file does not have keeps the known value. */
function productOf(row: CatalogueRow, known: Product | undefined): Product {
  const { sku, name, unitPriceMinor, currency } = row;
  return {
    sku,
    name,
    unitPriceMinor,
    currency,
    weightGrams: row.weightGrams ?? known?.weightGrams ?? 0,
    taxCategory: row.taxCategory ?? known?.taxCategory ?? 'standard',
    breaks: row.breaks ?? known?.breaks ?? [],
  };
}

function sameProduct(known: Product | undefined, product: Product): boolean {
  return (
    known !== undefined &&
    known.name === product.name &&
    known.unitPriceMinor === product.unitPriceMinor &&
    known.currency === product.currency &&
    known.weightGrams === product.weightGrams &&
    known.taxCategory === product.taxCategory &&
    breaksText(known) === breaksText(product)
  );
}

/** The price breaks in the form of a catalogue file: `10:900 50:850`. */
export function breaksText({ breaks }: Pick<Product, 'breaks'>): string {
  return breaks.map(({ quantity, unitPriceMinor }) => `${quantity}:${unitPriceMinor}`).join(' ');
}

/** The price before and after, for an added or changed product. */
function entryOf(product: Product, before: Product | undefined, version: number): AuditEntry {
  const { unitPriceMinor, currency } = product;
  if (before === undefined) {
    return {
      action: 'product.added',
      subjectId: product.sku,
      details: { version, unitPriceMinor, currency },
    };
  }
  const breaks = { before: breaksText(before), after: breaksText(product) };
  const details = {
    version,
    ...(before.unitPriceMinor === unitPriceMinor
      ? {}
      : { unitPriceMinorBefore: before.unitPriceMinor, unitPriceMinor }),
    ...(before.currency === currency ? {} : { currencyBefore: before.currency, currency }),
    ...(before.taxCategory === product.taxCategory
      ? {}
      : { taxCategoryBefore: before.taxCategory, taxCategory: product.taxCategory }),
    ...(before.weightGrams === product.weightGrams
      ? {}
      : { weightGramsBefore: before.weightGrams, weightGrams: product.weightGrams }),
    ...(breaks.before === breaks.after ? {} : { breaksBefore: breaks.before, breaks: breaks.after }),
  };
  return { action: 'product.changed', subjectId: product.sku, details };
}

async function writeProducts(
  db: Connection,
  products: Product[],
  version: number,
  nowMs: number,
): Promise<void> {
  for (const chunk of chunksOf(products, ({ sku }) => sku)) {
    await db.query(
      'INSERT INTO products (sku, name, unit_price, currency, weight_grams, tax_category, version, updated_at_ms) VALUES ? ' +
        'ON DUPLICATE KEY UPDATE name = VALUES(name), unit_price = VALUES(unit_price), ' +
        'currency = VALUES(currency), weight_grams = VALUES(weight_grams), tax_category = VALUES(tax_category), ' +
        'version = VALUES(version), updated_at_ms = VALUES(updated_at_ms)',
      [
        chunk.map(({ sku, name, unitPriceMinor, currency, weightGrams, taxCategory }) => [
          sku,
          name,
          unitPriceMinor,
          currency,
          weightGrams,
          taxCategory,
          version,
          nowMs,
        ]),
      ],
    );
  }
}

async function writeBreaks(db: Connection, products: Product[]): Promise<void> {
  for (const chunk of chunksOf(products, ({ sku }) => sku)) {
    await db.query('DELETE FROM price_breaks WHERE sku IN (?)', [chunk.map(({ sku }) => sku)]);
    const rows = chunk.flatMap(({ sku, breaks }) =>
      breaks.map(({ quantity, unitPriceMinor }) => [sku, quantity, unitPriceMinor]),
    );
    if (rows.length === 0) continue;
    await db.query('INSERT INTO price_breaks (sku, min_quantity, unit_price) VALUES ?', [rows]);
  }
}

/** Only SKUs without a stock row: an upsert over all of them would lock rows that workers need. */
async function insertStock(db: Connection, rows: CatalogueRow[]): Promise<void> {
  const [known] = await db.query<RowDataPacket[]>('SELECT sku FROM stock');
  const knownSkus = new Set(known.map((row) => row['sku']));
  const missing = rows.filter((row) => !knownSkus.has(row.sku));
  for (const chunk of chunksOf(missing, ({ sku }) => sku)) {
    await db.query('INSERT INTO stock (sku, initial, available) VALUES ?', [
      chunk.map((row) => [row.sku, row.stock, row.stock]),
    ]);
  }
}

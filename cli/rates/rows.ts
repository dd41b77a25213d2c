/** Tax and shipping rates in the database. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ShippingRate, TaxRate } from '../../services/domain/index.ts';

/** This largest weight means that there is no limit. NULL cannot be a part of the key. */
const noBound = Number.MAX_SAFE_INTEGER;
const wildcard = '*';

export async function readStoredTaxRates(db: Connection): Promise<TaxRate[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT country, region, category, rate_ppm, inclusive FROM tax_rates ORDER BY country, region, category',
  );
  return rows.map((row) => ({
    country: cellOf(row['country']),
    region: cellOf(row['region']),
    category: cellOf(row['category']),
    ratePpm: Number(row['rate_ppm']),
    inclusive: Number(row['inclusive']) === 1,
  }));
}

export async function readStoredShippingRates(db: Connection): Promise<ShippingRate[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT country, currency, weight_max_grams, amount, free_from FROM shipping_rates ' +
      'ORDER BY country, currency, weight_max_grams',
  );
  return rows.map((row) => ({
    country: cellOf(row['country']),
    currency: row['currency'],
    weightMaxGrams: Number(row['weight_max_grams']) === noBound ? null : Number(row['weight_max_grams']),
    amount: Number(row['amount']),
    freeFrom: row['free_from'] === null ? null : Number(row['free_from']),
  }));
}

/** Replaces all tax rates. */
export async function writeTaxRates(db: Connection, rates: readonly TaxRate[]): Promise<void> {
  await db.query('DELETE FROM tax_rates');
  if (rates.length === 0) return;
  await db.query('INSERT INTO tax_rates (country, region, category, rate_ppm, inclusive) VALUES ?', [
    rates.map(({ country, region, category, ratePpm, inclusive }) => [
      country ?? wildcard,
      region ?? wildcard,
      category ?? wildcard,
      ratePpm,
      inclusive ? 1 : 0,
    ]),
  ]);
}

/** Replaces all shipping rates. */
export async function writeShippingRates(db: Connection, rates: readonly ShippingRate[]): Promise<void> {
  await db.query('DELETE FROM shipping_rates');
  if (rates.length === 0) return;
  await db.query(
    'INSERT INTO shipping_rates (country, currency, weight_max_grams, amount, free_from) VALUES ?',
    [
      rates.map(({ country, currency, weightMaxGrams, amount, freeFrom }) => [
        country ?? wildcard,
        currency,
        weightMaxGrams ?? noBound,
        amount,
        freeFrom,
      ]),
    ],
  );
}

function cellOf(value: unknown): string | null {
  return value === wildcard ? null : String(value);
}

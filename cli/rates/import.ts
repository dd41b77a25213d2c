/** Replaces the tax rates, the shipping rates or both by those of files, in one transaction. */
import type { Connection } from 'mysql2/promise';
import { type ShippingRate, shippingKey, type TaxRate } from '../../services/domain/index.ts';
import { changeAtVersion, type ImportOptions } from '../tables/import-version.ts';
import { readStoredShippingRates, readStoredTaxRates, writeShippingRates, writeTaxRates } from './rows.ts';

export interface RatesImport {
  /** Number of rates after the import; null if this kind did not change. */
  tax: number | null;
  shipping: number | null;
  /** Version of the rates and flags after the import. */
  version: number;
}

/** New rates of one kind or both; null leaves the rates of a kind as they are. An empty list removes them. */
export interface NewRates {
  readonly tax: readonly TaxRate[] | null;
  readonly shipping: readonly ShippingRate[] | null;
}

export function importRates(
  db: Connection,
  { tax, shipping }: NewRates,
  options: ImportOptions,
): Promise<RatesImport> {
  return changeAtVersion(db, 'rates', options, async () => {
    const newTax = tax !== null && !sameTax(await readStoredTaxRates(db), tax) ? tax : null;
    const newShipping =
      shipping !== null && !sameShipping(await readStoredShippingRates(db), shipping) ? shipping : null;
    if (newTax !== null) await writeTaxRates(db, newTax);
    if (newShipping !== null) await writeShippingRates(db, newShipping);
    return {
      result: { tax: newTax?.length ?? null, shipping: newShipping?.length ?? null },
      isChange: newTax !== null || newShipping !== null,
      imported: 'rates.imported',
      entries: [],
    };
  });
}

function sameTax(known: readonly TaxRate[], rates: readonly TaxRate[]): boolean {
  return sameSet(known.map(taxText), rates.map(taxText));
}

function taxText({ country, region, category, ratePpm, inclusive }: TaxRate): string {
  return JSON.stringify([country, region, category, ratePpm, inclusive]);
}

function sameShipping(known: readonly ShippingRate[], rates: readonly ShippingRate[]): boolean {
  return sameSet(known.map(shippingText), rates.map(shippingText));
}

function shippingText({ country, currency, weightMaxGrams, amount, freeFrom }: ShippingRate): string {
  return JSON.stringify([shippingKey(country, currency), weightMaxGrams, amount, freeFrom]);
}

function sameSet(known: readonly string[], wanted: readonly string[]): boolean {
  const set = new Set(known);
  return known.length === wanted.length && wanted.every((text) => set.has(text));
}

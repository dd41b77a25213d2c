/**
 * The tax of an order: added to its prices, or contained in them. The tax is rounded once for each rate, on the sum
 * of all lines and shipping with that rate. Then it is spread over these amounts. Tax by the line would give 0 for
 * 100 lines of 1 at 19 %.
 */
import type { Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';
import { mulDivHalfUp, spread } from './money.ts';
import { anyKey, rateKey, regionKey, type TaxTable } from './rules.ts';

export interface TaxedAmount {
  /** The tax category. */
  readonly category: string;
  /** After the discount, in minor units. */
  readonly amount: number;
}

export interface Taxes {
  /** Whether the amounts contain the tax. If not, the tax is added to them. */
  readonly inclusive: boolean;
  readonly total: number;
  /** Rate and tax of each amount, in their order. */
  readonly parts: readonly { readonly ratePpm: number; readonly tax: number }[];
}

export interface Destination {
  readonly country: string | null;
  readonly region: string | null;
}

const million = 1_000_000;

/**
 * The taxes of these amounts, or TAX_RATE_UNKNOWN for the first that no rate covers. The most specific rate applies:
 * first by country, then by region, then by category.
 */
export function taxesOf(
  table: TaxTable,
  destination: Destination,
  amounts: readonly TaxedAmount[],
): Taxes | Reason {
  const parts: { ratePpm: number; tax: number }[] = [];
  const known = new Map<string, number | null>();
  for (const { category } of amounts) {
    let ratePpm = known.get(category);
    if (ratePpm === undefined) {
      ratePpm = findRate(table, destination, category);
      known.set(category, ratePpm);
    }
    if (ratePpm === null) return reasons.taxRateUnknown(category);
    parts.push({ ratePpm, tax: 0 });
  }
  const inclusive = isInclusive(table, destination);
  let total = 0;
  for (const [ratePpm, indexes] of Map.groupBy(parts.keys(), (index) => parts[index]!.ratePpm)) {
    const weights = indexes.map((index) => amounts[index]!.amount);
    const sum = weights.reduce((all, amount) => all + amount, 0);
    const tax = mulDivHalfUp(sum, ratePpm, inclusive ? million + ratePpm : million);
    total += tax;
    const shares = spread(tax, weights);
    for (const [at, index] of indexes.entries()) parts[index]!.tax = shares[at]!;
  }
  return { inclusive, total, parts };
}

/** The prices of a country contain tax or not. Only a country without any rate follows the wildcard. */
function isInclusive(table: TaxTable, { country }: Destination): boolean {
  return (table.get(country ?? anyKey) ?? table.get(anyKey))?.inclusive ?? false;
}

function findRate(table: TaxTable, { country, region }: Destination, category: string): number | null {
  for (const rates of [country === null ? undefined : table.get(country), table.get(anyKey)]) {
    if (rates === undefined) continue;
    for (const at of region === null ? [null] : [regionKey(region), null]) {
      const found = rates.rates.get(rateKey(at, category)) ?? rates.rates.get(rateKey(at, null));
      if (found !== undefined) return found;
    }
  }
  return null;
}

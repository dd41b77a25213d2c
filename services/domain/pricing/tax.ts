/**
 * The tax of an order: added to its prices, or contained in them. The tax is rounded once for each rate, on the sum
 * of all lines and shipping with that rate. Then it is spread over these amounts. Tax by the line would give 0 for
 * 100 lines of 1 at 19 %.
 */
import type { Reason } from '../../../schemas/generated/types.ts';
import * as reasons from '../reasons.ts';
import { mulDivHalfUp, spread } from './money.ts';
import { anyKey, type CategoryRates, regionKey, type TaxTable } from './rules.ts';

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
  const rates = ratesAt(table, destination);
  const parts: TaxPart[] = new Array(amounts.length);
  for (let index = 0; index < amounts.length; index++) {
    const { category } = amounts[index]!;
    const ratePpm = findRate(rates, category);
    if (ratePpm === null) return reasons.taxRateUnknown(category);
    parts[index] = { ratePpm, tax: untaxed };
  }
  const inclusive = isInclusive(table, destination);
  let total = 0;
  for (let index = 0; index < parts.length; index++) {
    if (parts[index]!.tax === untaxed) total += taxRate(parts, index, amounts, inclusive);
  }
  return { inclusive, total, parts };
}

interface TaxPart {
  readonly ratePpm: number;
  tax: number;
}

/** The tax of a part whose rate was not applied yet. */
const untaxed = -1;

/** Taxes the part at `first` and all later parts of its rate. Returns their tax. */
function taxRate(
  parts: readonly TaxPart[],
  first: number,
  amounts: readonly TaxedAmount[],
  inclusive: boolean,
): number {
  const { ratePpm } = parts[first]!;
  const members: TaxPart[] = [];
  const weights: number[] = [];
  let sum = 0;
  for (let index = first; index < parts.length; index++) {
    if (parts[index]!.ratePpm !== ratePpm) continue;
    const { amount } = amounts[index]!;
    members.push(parts[index]!);
    weights.push(amount);
    sum += amount;
  }
  const tax = mulDivHalfUp(sum, ratePpm, inclusive ? million + ratePpm : million);
  const shares = spread(tax, weights);
  for (let at = 0; at < members.length; at++) members[at]!.tax = shares[at]!;
  return tax;
}

/** The prices of a country contain tax or not. Only a country without any rate follows the wildcard. */
function isInclusive(table: TaxTable, { country }: Destination): boolean {
  return (table.get(country ?? anyKey) ?? table.get(anyKey))?.inclusive ?? false;
}

/** The rates that cover the destination, the most specific first. */
function ratesAt(table: TaxTable, { country, region }: Destination): CategoryRates[] {
  const found: CategoryRates[] = [];
  if (country !== null) addRates(table, country, region, found);
  addRates(table, anyKey, region, found);
  return found;
}

function addRates(table: TaxTable, key: string, region: string | null, found: CategoryRates[]): void {
  const regions = table.get(key)?.regions;
  if (regions === undefined) return;
  const own = region === null ? undefined : regions.get(regionKey(region));
  const any = regions.get(anyKey);
  if (own !== undefined) found.push(own);
  if (any !== undefined && any !== own) found.push(any);
}

function findRate(rates: readonly CategoryRates[], category: string): number | null {
  for (const byCategory of rates) {
    const ratePpm = byCategory.get(category) ?? byCategory.get(anyKey);
    if (ratePpm !== undefined) return ratePpm;
  }
  return null;
}

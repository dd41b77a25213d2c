/** Files of tax rates and of shipping rates, CSV or JSON. */
import { regionKey, type ShippingRate, type TaxRate } from '../../services/domain/index.ts';
import { categoryCell, countryCell, currencyCell, optionalNumber, wholeNumber } from '../tables/cells.ts';
import { type Cells, quoted, readTable, type TableSpec } from '../tables/read-table.ts';

type TaxColumn = 'country' | 'region' | 'category' | 'rate_ppm' | 'inclusive';
type ShippingColumn = 'country' | 'currency' | 'weight_up_to_grams' | 'amount_minor' | 'free_from_minor';

const regionLengthMax = 100;
const million = 1_000_000;

/**
 * The tax rates of a file. `*` or an empty cell is a wildcard.
 * @throws CliError (exit code 2) that lists every fault; then no row is returned.
 */
export function readTaxRates(text: string): TaxRate[] {
  const inclusiveOf = new Map<string, boolean>();
  return readTable(text, {
    ...taxSpec,
    read(row) {
      const rate = taxSpec.read(row);
      const country = rate.country ?? '*';
      const known = inclusiveOf.get(country);
      if (known === undefined) inclusiveOf.set(country, rate.inclusive);
      else if (known !== rate.inclusive) {
        row.fault('inclusive', `must be the same for all rates of ${country}`);
      }
      return rate;
    },
  });
}

const taxSpec: TableSpec<TaxColumn, TaxRate> = {
  file: 'tax file',
  items: 'rates',
  required: ['country', 'region', 'category', 'rate_ppm', 'inclusive'],
  optional: [],
  key: {
    name: 'the rate of',
    of: ({ country, region, category }) => [country, region, category].map((each) => each ?? '*').join(' '),
  },
  read: (row) => ({
    country: countryCell(row, 'country'),
    region: regionOf(row),
    category: isWildcard(row.text('category')) ? null : categoryCell(row, 'category'),
    ratePpm: wholeNumber(row, 'rate_ppm', 'parts per million (190000 are 19 %)', { max: million }),
    inclusive: yesOrNo(row),
  }),
};

function regionOf(row: Cells<TaxColumn>): string | null {
  const region = row.text('region');
  if (isWildcard(region)) return null;
  if (isWildcard(row.text('country'))) row.fault('region', 'needs a country');
  if (region.length > regionLengthMax) row.fault('region', `must have at most ${regionLengthMax} characters`);
  return regionKey(region);
}

function yesOrNo(row: Cells<TaxColumn>): boolean {
  const text = row.text('inclusive').toLowerCase();
  if (text !== 'yes' && text !== 'no') {
    row.fault('inclusive', `must be yes or no, found ${quoted(text)}`);
  }
  return text === 'yes';
}

/**
 * The shipping rates of a file. An empty weight is no bound, an empty `free_from_minor` is never.
 * @throws CliError (exit code 2) that lists every fault; then no row is returned.
 */
export function readShippingRates(text: string): ShippingRate[] {
  return readTable(text, shippingSpec);
}

const shippingSpec: TableSpec<ShippingColumn, ShippingRate> = {
  file: 'shipping file',
  items: 'rates',
  required: ['country', 'currency', 'amount_minor'],
  optional: ['weight_up_to_grams', 'free_from_minor'],
  key: {
    name: 'the rate of',
    of: ({ country, currency, weightMaxGrams }) =>
      `${country ?? '*'} ${currency} up to ${weightMaxGrams ?? 'any'} grams`,
  },
  read: (row) => ({
    country: countryCell(row, 'country'),
    currency: currencyCell(row, 'currency'),
    weightMaxGrams: optionalNumber(row, 'weight_up_to_grams', 'a whole number of grams', { min: 1 }),
    amount: wholeNumber(row, 'amount_minor', 'a whole number of minor units'),
    freeFrom: optionalNumber(row, 'free_from_minor', 'a whole number of minor units'),
  }),
};

function isWildcard(text: string): boolean {
  return text === '' || text === '*';
}

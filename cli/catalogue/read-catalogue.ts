/** A catalogue file: products with their prices, CSV or JSON. */
import { isOneLine } from '../../services/domain/index.ts';
import {
  amountCellMax,
  categoryCell,
  currencyCell,
  identifierCell,
  wholeNumber,
  wordsOf,
} from '../tables/cells.ts';
import { type Cells, quoted, readTable, type TableSpec } from '../tables/read-table.ts';

interface BreakRow {
  /** Number of units of the SKU in one order from which the price applies. */
  quantity: number;
  unitPriceMinor: number;
}

export interface CatalogueRow {
  sku: string;
  name: string;
  /** Price of one unit in minor units of `currency`. */
  unitPriceMinor: number;
  /** ISO 4217 code. */
  currency: string;
  /** Initial stock, used when the SKU is first imported. */
  stock: number;
  /** Undefined if the file does not have the column. Then a known product keeps its value. */
  weightGrams?: number | undefined;
  taxCategory?: string | undefined;
  /** Smallest quantity first. */
  breaks?: BreakRow[] | undefined;
}

type Column =
  | 'sku'
  | 'name'
  | 'unit_price_minor'
  | 'currency'
  | 'stock'
  | 'weight_grams'
  | 'tax_category'
  | 'breaks';

const nameLengthMax = 200;
const weightMaxGrams = 10_000_000;
const breaksMax = 20;
/** The largest order has 100 lines of 10,000 units. */
const orderUnitsMax = 1_000_000;

const spec: TableSpec<Column, CatalogueRow> = {
  file: 'catalogue file',
  items: 'products',
  required: ['sku', 'name', 'unit_price_minor', 'currency', 'stock'],
  optional: ['weight_grams', 'tax_category', 'breaks'],
  key: { name: 'sku', of: ({ sku }) => sku },
  read: (row) => ({
    sku: identifierCell(row, 'sku'),
    name: nameOf(row),
    unitPriceMinor: wholeNumber(row, 'unit_price_minor', 'a whole number of minor units'),
    currency: currencyCell(row, 'currency'),
    stock: wholeNumber(row, 'stock'),
    weightGrams: row.has('weight_grams')
      ? wholeNumber(row, 'weight_grams', 'a whole number of grams', { max: weightMaxGrams })
      : undefined,
    taxCategory: row.has('tax_category') ? categoryCell(row, 'tax_category') : undefined,
    breaks: row.has('breaks') ? breaksOf(row) : undefined,
  }),
};

/**
 * The rows of a catalogue file.
 * @throws CliError (exit code 2) that lists every fault; then no row is returned.
 */
export function readCatalogue(text: string): CatalogueRow[] {
  return readTable(text, spec);
}

function nameOf(row: Cells<Column>): string {
  const name = row.text('name');
  if (name.length === 0 || name.length > nameLengthMax) row.fault('name', 'must have 1 to 200 characters');
  else if (!isOneLine(name)) {
    row.fault('name', `must be one line without control characters, found ${quoted(name)}`);
  }
  return name;
}

/** `10:900 50:850`: 900 each from 10 units on, 850 each from 50. */
function breaksOf(row: Cells<Column>): BreakRow[] {
  const words = wordsOf(row.text('breaks'));
  if (words.length > breaksMax) row.fault('breaks', `must have at most ${breaksMax} prices`);
  const breaks = words.map((word) => {
    const [, quantity, price] = /^([1-9][0-9]{0,6}):(0|[1-9][0-9]{0,12})$/.exec(word) ?? [];
    const each = { quantity: Number(quantity), unitPriceMinor: Number(price) };
    const isGood =
      each.quantity >= 2 && each.quantity <= orderUnitsMax && each.unitPriceMinor <= amountCellMax;
    if (!isGood) {
      row.fault('breaks', `must be quantity:unit_price_minor such as 10:900, found ${quoted(word)}`);
    }
    return each;
  });
  if (breaks.some(({ quantity }, index) => index > 0 && quantity <= breaks[index - 1]!.quantity)) {
    row.fault('breaks', 'must have rising quantities');
  }
  return breaks;
}

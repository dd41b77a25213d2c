/** Cells that several tables have. A bad cell is reported, and its result is not used. */
import { currencies } from '../../services/domain/index.ts';
import { type Cells, quoted } from './read-table.ts';

/** The largest price in a table; an order has at most 10^6 units. */
export const amountCellMax = 1_000_000_000_000;

const integer = /^(0|[1-9][0-9]{0,15})$/;
const identifier = /^[\x21-\x7e]{1,64}$/;

/** A whole number from `min` to `max`. `what` names it: `a whole number of minor units`. */
export function wholeNumber<Column extends string>(
  row: Cells<Column>,
  column: Column,
  what = 'a whole number',
  { min = 0, max = amountCellMax }: { min?: number; max?: number } = {},
): number {
  const text = row.text(column);
  const value = Number(text);
  if (!integer.test(text) || value < min || value > max) {
    const range = integer.test(text) ? ` from ${min} to ${max}` : '';
    row.fault(column, `must be ${what}${range}, found ${quoted(text)}`);
  }
  return value;
}

/** The same, or null if the cell is empty. */
export function optionalNumber<Column extends string>(
  row: Cells<Column>,
  column: Column,
  what?: string,
  range?: { min?: number; max?: number },
): number | null {
  return row.text(column) === '' ? null : wholeNumber(row, column, what, range);
}

/** 1 to 64 visible ASCII characters: a SKU or the code of a coupon. */
export function identifierCell<Column extends string>(row: Cells<Column>, column: Column): string {
  const text = row.text(column);
  if (!identifier.test(text)) row.fault(column, 'must be 1 to 64 visible ASCII characters');
  return text;
}

export function currencyCell<Column extends string>(row: Cells<Column>, column: Column): string {
  const text = row.text(column);
  if (!currencies.has(text)) {
    row.fault(column, `must be an ISO 4217 code such as EUR, found ${quoted(text)}`);
  }
  return text;
}

/** The category of a product in the tax rates. */
export function categoryCell<Column extends string>(row: Cells<Column>, column: Column): string {
  const text = row.text(column);
  if (!/^[a-z0-9_-]{1,32}$/.test(text)) {
    row.fault(column, `must be 1 to 32 of a-z, 0-9, _ and -, found ${quoted(text)}`);
  }
  return text;
}

/** A country, or null for `*` and an empty cell. */
export function countryCell<Column extends string>(row: Cells<Column>, column: Column): string | null {
  const text = row.text(column);
  if (text === '' || text === '*') return null;
  if (!/^[A-Z]{2}$/.test(text)) {
    row.fault(column, `must be an ISO 3166-1 alpha-2 code such as DE, or *, found ${quoted(text)}`);
  }
  return text;
}

/** The words of a cell, which spaces separate. */
export function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split(/[ \t]+/);
}

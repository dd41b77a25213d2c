/**
 * Reads a catalogue file: CSV with the columns `sku,name,unit_price_minor,currency,stock`, in any order. It finds
 * every bad line in one pass, so that the user can correct all at once.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { currencies, isOneLine } from '../../services/domain/index.ts';
import { usageError } from '../errors.ts';

export interface CatalogueRow {
  sku: string;
  name: string;
  /** Price of one unit in minor units of `currency`. */
  unitPriceMinor: number;
  /** ISO 4217 code. */
  currency: string;
  /** Initial stock, used when the SKU is first imported. */
  stock: number;
}

const COLUMNS = ['sku', 'name', 'unit_price_minor', 'currency', 'stock'] as const;
const SKU = /^[\x21-\x7e]{1,64}$/;
const INTEGER = /^(0|[1-9][0-9]{0,15})$/;
const NAME_LENGTH_MAX = 200;
const AMOUNT_MAX = 1_000_000_000_000;
const PROBLEMS_SHOWN_MAX = 50;

/**
 * The rows of a catalogue file.
 * @throws CliError (exit code 2) with the number of every bad line; in this case it returns no rows.
 */
export function readCatalogueCsv(text: string): CatalogueRow[] {
  const records = parseRecords(text);
  const header = records[0];
  if (header === undefined) throw usageError('the catalogue file is empty');
  const positions = columnPositions(header.record);

  const problems: string[] = [];
  const lineOfSku = new Map<string, number>();
  const rows: CatalogueRow[] = [];
  for (const { record, line } of records.slice(1)) {
    const cell = (column: (typeof COLUMNS)[number]) => (record[positions[column]] ?? '').trim();
    const lineProblems =
      record.length === header.record.length ? checkCells(cell) : [wrongWidth(record, header.record)];
    const sku = cell('sku');
    const earlier = lineOfSku.get(sku);
    if (earlier !== undefined) lineProblems.push(`sku ${sku} is already on line ${earlier}`);
    lineOfSku.set(sku, earlier ?? line);
    if (lineProblems.length > 0) problems.push(`line ${line}: ${lineProblems.join('; ')}`);
    else rows.push(toRow(cell));
  }
  if (problems.length > 0) throw badLines(problems);
  if (rows.length === 0) throw usageError('the catalogue file has a header but no products');
  return rows;
}

function parseRecords(text: string): { record: string[]; line: number }[] {
  try {
    // With relax_column_count, the check below reports a short line with its number. Otherwise the parser stops at
    // the first short line.
    const parsed = parse(text, {
      bom: true,
      // Editors may leave both kinds of line ends in one file.
      record_delimiter: ['\r\n', '\n'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return parsed.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (error instanceof CsvError) throw usageError(`the catalogue file is not valid CSV: ${error.message}`);
    throw error;
  }
}

function columnPositions(header: string[]): Record<(typeof COLUMNS)[number], number> {
  const names = header.map((name) => name.trim());
  const missing = COLUMNS.filter((column) => !names.includes(column));
  const unknown = names.filter((name) => !(COLUMNS as readonly string[]).includes(name));
  if (missing.length > 0 || unknown.length > 0 || names.length !== COLUMNS.length) {
    throw usageError(
      `the header must name the columns ${COLUMNS.join(',')} once each; found ${names.join(',') || 'nothing'}`,
    );
  }
  const position = (column: (typeof COLUMNS)[number]) => names.indexOf(column);
  return {
    sku: position('sku'),
    name: position('name'),
    unit_price_minor: position('unit_price_minor'),
    currency: position('currency'),
    stock: position('stock'),
  };
}

function checkCells(cell: (column: (typeof COLUMNS)[number]) => string): string[] {
  const problems: string[] = [];
  if (!SKU.test(cell('sku'))) problems.push('sku must be 1 to 64 visible ASCII characters');
  const name = cell('name');
  if (name.length === 0 || name.length > NAME_LENGTH_MAX) problems.push('name must have 1 to 200 characters');
  else if (!isOneLine(name)) {
    problems.push(`name must be one line without control characters, found ${quoted(name)}`);
  }
  if (!isAmount(cell('unit_price_minor'))) {
    problems.push(
      `unit_price_minor must be a whole number of minor units, found ${quoted(cell('unit_price_minor'))}`,
    );
  }
  if (!currencies.has(cell('currency'))) {
    problems.push(`currency must be an ISO 4217 code such as EUR, found ${quoted(cell('currency'))}`);
  }
  if (!isAmount(cell('stock'))) problems.push(`stock must be a whole number, found ${quoted(cell('stock'))}`);
  return problems;
}

function isAmount(text: string): boolean {
  return INTEGER.test(text) && Number(text) <= AMOUNT_MAX;
}

function toRow(cell: (column: (typeof COLUMNS)[number]) => string): CatalogueRow {
  return {
    sku: cell('sku'),
    name: cell('name'),
    unitPriceMinor: Number(cell('unit_price_minor')),
    currency: cell('currency'),
    stock: Number(cell('stock')),
  };
}

function wrongWidth(record: string[], header: string[]): string {
  return `${record.length} columns where the header has ${header.length}`;
}

function badLines(problems: string[]): Error {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  const what = problems.length === 1 ? 'one bad line' : `${problems.length} bad lines`;
  return usageError(`nothing was imported: the catalogue file has ${what}`, shown);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/**
 * Reads a file of rows, CSV with a header or a JSON array of objects. One pass finds every fault with its line
 * and column, so that the user can correct all faults together. A file with a fault gives no row.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { usageError } from '../errors.ts';
import { type JsonRow, readJsonRows } from './json-cells.ts';

export interface TableSpec<Column extends string, Value> {
  /** The name of the file in messages: `catalogue file`. */
  readonly file: string;
  /** The name of the rows in messages: `products`. */
  readonly items: string;
  readonly required: readonly Column[];
  /** A file may leave these columns out. */
  readonly optional: readonly Column[];
  /** What identifies a row, and its name in messages. Two rows with the same key are a fault. */
  readonly key: { readonly name: string; of(value: Value): string };
  /** The value of a row. Reports faults to the row, and then its result is not used. */
  read(row: Cells<Column>): Value;
}

/** The cells of one row. */
export interface Cells<Column extends string> {
  /** The text without spaces at its ends; empty if it is missing. */
  text(column: Column): string;
  /** Whether the file has the column, or the object has the member. */
  has(column: Column): boolean;
  /** Reports a fault of a cell: what it must be. */
  fault(column: Column, text: string): void;
}

/** The part of a `TableSpec` that does not depend on its types. */
type Columns = Pick<TableSpec<string, never>, 'file' | 'required' | 'optional'>;

interface Fault {
  /** The place in the file: `line 3`, or `line 3, column 12`. */
  readonly place: string;
  readonly text: string;
}

/** A row before its cells are checked. */
interface RawRow {
  readonly place: string;
  readonly cells: ReadonlyMap<string, { readonly text: string; readonly place: string }>;
}

const faultyPlacesShownMax = 50;

/**
 * The values of a file's rows. A file whose first character is `[` or `{` is JSON.
 * @throws CliError (exit code 2) that lists every fault; then nothing is returned.
 */
export function readTable<Column extends string, Value>(
  text: string,
  spec: TableSpec<Column, Value>,
): Value[] {
  const content = text.replace(/^\ufeff/, '');
  const isJson = /^[ \t\r\n]*[[{]/.test(content);
  const faults: Fault[] = [];
  const raw = isJson ? jsonRows(content, spec, faults) : csvRows(content, spec, faults);
  const values: Value[] = [];
  const placeOfKey = new Map<string, string>();
  for (const row of raw) {
    const textOf = (column: Column) => (row.cells.get(column)?.text ?? '').trim();
    const fault = (column: Column, what: string) =>
      faults.push({ place: row.cells.get(column)?.place ?? row.place, text: `${column} ${what}` });
    const value = spec.read({ text: textOf, has: (column) => row.cells.has(column), fault });
    values.push(value);
    const key = spec.key.of(value);
    const earlier = placeOfKey.get(key);
    if (earlier !== undefined)
      faults.push({ place: row.place, text: `${spec.key.name} ${key} is already on ${earlier}` });
    else placeOfKey.set(key, row.place);
  }
  if (faults.length > 0) throw faulty(spec.file, faults, isJson);
  if (values.length === 0)
    throw usageError(`the ${spec.file} has ${isJson ? '' : 'a header but '}no ${spec.items}`);
  return values;
}

function csvRows(text: string, spec: Columns, faults: Fault[]): RawRow[] {
  const [header, ...records] = parseCsv(text, spec.file);
  if (header === undefined) throw usageError(`the ${spec.file} is empty`);
  const names = header.record.map((name) => name.trim());
  checkHeader(names, spec);
  return records.flatMap(({ record, line }) => {
    const place = `line ${line}`;
    if (record.length !== names.length) {
      faults.push({ place, text: `${record.length} columns where the header has ${names.length}` });
      return [];
    }
    return [{ place, cells: new Map(names.map((name, index) => [name, { text: record[index]!, place }])) }];
  });
}

function parseCsv(text: string, file: string): { record: string[]; line: number }[] {
  try {
    // relax_column_count: a short line becomes one of our faults, with its number. Otherwise the parser
    // stops at the first one.
    const parsed = parse(text, {
      // Editors may leave both kinds of line ends in one file.
      record_delimiter: ['\r\n', '\n'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return parsed.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (error instanceof CsvError) throw usageError(`the ${file} is not valid CSV: ${error.message}`);
    throw error;
  }
}

function checkHeader(names: readonly string[], { file, required, optional }: Columns): void {
  const known = [...required, ...optional];
  const isRight =
    required.every((column) => names.includes(column)) &&
    names.every((name) => known.includes(name)) &&
    new Set(names).size === names.length;
  if (isRight) return;
  const also = optional.length === 0 ? '' : `, and may name ${optional.join(',')}`;
  throw usageError(
    `the header of the ${file} must name the columns ${required.join(',')} once each${also}; found ${names.join(',') || 'nothing'}`,
  );
}

function jsonRows(text: string, spec: Columns, faults: Fault[]): RawRow[] {
  try {
    JSON.parse(text);
  } catch (error) {
    throw usageError(`the ${spec.file} is not valid JSON: ${(error as Error).message}`);
  }
  const placeAt = placesIn(text);
  const { rows, faults: shapes } = readJsonRows(text);
  for (const fault of shapes) faults.push({ place: placeAt(fault.at), text: fault.text });
  return rows.map((row) => {
    checkMembers(row, spec, placeAt, faults);
    const cells = [...row.cells].map(
      ([name, cell]) => [name, { text: cell.text, place: placeAt(cell.at) }] as const,
    );
    return { place: placeAt(row.at), cells: new Map(cells) };
  });
}

function checkMembers(
  { at, cells }: JsonRow,
  { required, optional }: Columns,
  placeAt: (offset: number) => string,
  faults: Fault[],
): void {
  for (const name of required) {
    if (!cells.has(name)) faults.push({ place: placeAt(at), text: `${name} is missing` });
  }
  for (const [name, cell] of cells) {
    if (!required.includes(name) && !optional.includes(name))
      faults.push({ place: placeAt(cell.at), text: `${quoted(name)} is no member of these objects` });
  }
}

/** Line and column of an offset, both from 1. */
function placesIn(text: string): (offset: number) => string {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return `line ${low + 1}, column ${offset - starts[low]! + 1}`;
  };
}

/** Faults of one place are one line of the message. */
function faulty(file: string, faults: readonly Fault[], isJson: boolean): Error {
  const byPlace = [...Map.groupBy(faults, ({ place }) => place)].sort(
    ([a], [b]) => numberIn(a, 0) - numberIn(b, 0) || numberIn(a, 1) - numberIn(b, 1),
  );
  const lines = byPlace.map(([place, group]) => `${place}: ${group.map(({ text }) => text).join('; ')}`);
  const shown = lines.slice(0, faultyPlacesShownMax);
  if (lines.length > shown.length) shown.push(`and ${lines.length - shown.length} more`);
  const thing = isJson ? 'bad value' : 'bad line';
  const what = lines.length === 1 ? `one ${thing}` : `${lines.length} ${thing}s`;
  return usageError(`nothing was imported: the ${file} has ${what}`, shown);
}

function numberIn(place: string, index: number): number {
  return Number(place.match(/\d+/g)?.[index] ?? 0);
}

/** A cell in a message, cut if it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/**
 * Converts values to parameters, and to literals in the text of small statements. For strings, only this module
 * quotes. A batch uses `StatementBuffer`, which has the same rules for bytes. Both write text instead of
 * prepared statements, because each batch changes the shape of the statement.
 */
import { isUuid } from '../ids/index.ts';

// The characters that end or change a quoted literal under the session's sql_mode. All others, NUL included, need no
// escape, because statements have a length in bytes.
const special = /['\\]/;
const specialAll = /['\\]/g;

/** A quoted string literal. */
export function textToSql(value: string): string {
  if (!special.test(value)) return `'${value}'`;
  return `'${value.replace(specialAll, '\\$&')}'`;
}

/** A binary literal of a lower-case UUID. Throws a RangeError on any other text. */
export function uuidToSql(id: string): string {
  checkUuid(id);
  return `x'${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}'`;
}

/** One `?` per value, for a list in a statement. */
export function placeholders(values: readonly unknown[]): string {
  return Array(values.length).fill('?').join(',');
}

/** The 16 bytes of a lower-case UUID, as BINARY(16) columns hold it. Throws a RangeError on any other text. */
export function uuidToBytes(id: string): Buffer {
  checkUuid(id);
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** Throws a RangeError unless the text is a lower-case UUID. */
function checkUuid(id: string): void {
  if (!isUuid(id)) throw new RangeError('not a lower-case UUID');
}

/** The lower-case UUID of 16 bytes. Throws a RangeError on any other length. */
export function bytesToUuid(bytes: Buffer): string {
  if (bytes.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

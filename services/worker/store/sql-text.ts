/**
 * Literals of statement text. Multi-row statements are sent as text: their shape changes with every batch, so that a
 * prepared form would be prepared anew each time.
 */

// What ends or bends a quoted literal under the session's sql_mode; statements are counted in bytes, so that every
// other character, NUL included, stands for itself.
const special = /['\\]/;
const specialAll = /['\\]/g;

/** A quoted string literal, or NULL. */
export function text(value: string | null): string {
  if (value === null) return 'NULL';
  if (!special.test(value)) return `'${value}'`;
  return `'${value.replace(specialAll, '\\$&')}'`;
}

/** A binary literal of a UUID in its canonical text form. */
export function uuid(id: string): string {
  return `x'${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}'`;
}

/** A binary literal of some bytes. */
export function bytes(value: Uint8Array): string {
  return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}

/** An integer literal, or NULL. Throws RangeError for what is not a safe integer, before it could reach a column. */
export function integer(value: number | null): string {
  if (value === null) return 'NULL';
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
  return String(value);
}

/** A JSON document as a string literal, or NULL for null. */
export function json(value: unknown): string {
  return value === null ? 'NULL' : text(JSON.stringify(value));
}

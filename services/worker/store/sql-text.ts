/**
 * Literals for the text of small statements: reads, claims and marks. What a batch writes is laid out as bytes instead
 * (`StatementBuffer`). Both are text and not prepared, as the shape of a statement changes with every batch.
 */

// The characters that end or change a quoted literal under the session's sql_mode. All others, NUL included, need no
// escape, because statements have a length in bytes.
const special = /['\\]/;
const specialAll = /['\\]/g;

/** A quoted string literal. */
export function text(value: string): string {
  if (!special.test(value)) return `'${value}'`;
  return `'${value.replace(specialAll, '\\$&')}'`;
}

/** A binary literal of a UUID in its canonical text form. */
export function uuid(id: string): string {
  return `x'${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}'`;
}

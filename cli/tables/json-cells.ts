/**
 * Reads a JSON array of flat objects as rows of a table. JSON.parse reports no positions of values, and a fault of an
 * operator's file needs its line and column. So the text is scanned once more, after JSON.parse has accepted it.
 */

interface JsonCell {
  /**
   * The text of the value. A string is unchanged, and a number is as written. true and false are yes and no. An
   * array is joined with spaces.
   */
  readonly text: string;
  /** Offset in the text. */
  readonly at: number;
}

export interface JsonRow {
  readonly at: number;
  readonly cells: ReadonlyMap<string, JsonCell>;
}

export interface JsonFault {
  readonly at: number;
  readonly text: string;
}

const blank = /[ \t\r\n]*/y;
const scalar = /"[^"\\]*(?:\\.[^"\\]*)*"|[-+0-9.eE]+|true|false|null/y;

/** The rows and faults of a text that JSON.parse accepts. A fault leaves its member or row out. */
export function readJsonRows(text: string): { rows: JsonRow[]; faults: JsonFault[] } {
  const scanner = new Scanner(text);
  const faults: JsonFault[] = [];
  const rows: JsonRow[] = [];
  if (!scanner.take('[')) return { rows, faults: [{ at: scanner.at, text: 'the file must be an array' }] };
  while (!scanner.take(']')) {
    if (scanner.next() === '{') rows.push(readRow(scanner, faults));
    else {
      faults.push({ at: scanner.at, text: 'must be an object' });
      scanner.skipValue();
    }
    scanner.take(',');
  }
  return { rows, faults };
}

function readRow(scanner: Scanner, faults: JsonFault[]): JsonRow {
  const cells = new Map<string, JsonCell>();
  const { at } = scanner;
  scanner.take('{');
  while (!scanner.take('}')) {
    scanner.next();
    const nameAt = scanner.at;
    const name = scanner.scalar();
    scanner.take(':');
    scanner.next();
    const valueAt = scanner.at;
    const value = scanner.cell();
    if (cells.has(name)) faults.push({ at: nameAt, text: `${name} occurs twice in this object` });
    else if (value === null)
      faults.push({ at: valueAt, text: `${name} must not be an object or contain one` });
    cells.set(name, { text: value ?? '', at: valueAt });
    scanner.take(',');
  }
  return { at, cells };
}

/** A position in valid JSON. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  /** Skips white space, and returns the next character. */
  next(): string {
    blank.lastIndex = this.#at;
    blank.test(this.#text);
    this.#at = blank.lastIndex;
    return this.#text[this.#at]!;
  }

  /** Skips white space and one character, if it is `char`. */
  take(char: string): boolean {
    const found = this.next() === char;
    if (found) this.#at += 1;
    return found;
  }

  /** The value at this position, which is neither an object nor an array. */
  scalar(): string {
    scalar.lastIndex = this.#at;
    scalar.test(this.#text);
    const token = this.#text.slice(this.#at, scalar.lastIndex);
    this.#at = scalar.lastIndex;
    return textOf(token);
  }

  /** A scalar, or an array of scalars. Null for anything else, which is skipped. */
  cell(): string | null {
    const start = this.#at;
    if (isScalarStart(this.next())) return this.scalar();
    if (this.take('[')) {
      const parts: string[] = [];
      while (!this.take(']')) {
        if (!isScalarStart(this.next())) return this.#skipFrom(start);
        parts.push(this.scalar());
        this.take(',');
      }
      return parts.join(' ');
    }
    return this.#skipFrom(start);
  }

  skipValue(): void {
    let depth = 0;
    do {
      const char = this.next();
      if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth -= 1;
      if (isScalarStart(char)) this.scalar();
      else this.#at += 1;
    } while (depth > 0);
  }

  #skipFrom(start: number): null {
    this.#at = start;
    this.skipValue();
    return null;
  }
}

function isScalarStart(char: string): boolean {
  return !'{}[]:,'.includes(char);
}

function textOf(token: string): string {
  switch (token) {
    case 'null':
      return '';
    case 'true':
      return 'yes';
    case 'false':
      return 'no';
    default:
      return token.startsWith('"') ? (JSON.parse(token) as string) : token;
  }
}

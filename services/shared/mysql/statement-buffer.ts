/**
 * Statements as bytes, in a buffer that grows and is reused. Node would flatten, encode and copy a string of
 * several 100 kB before it reaches the socket. Such strings would be most of a writer's garbage. The bytes of
 * this buffer are sent unchanged. Small statements share a packet, because on a busy machine a round trip costs
 * more than they do.
 *
 * Between `clear` and the last response to its statements, a buffer belongs to one session.
 */
import { appError } from '../errors/index.ts';

/** Statements that are sent as one packet. The server runs them in order and stops at the first that fails. */
export interface StatementPacket {
  /**
   * The texts of the statements with semicolons between them, after `headroomBytes` for the protocol's header.
   */
  readonly framed: Buffer;
  /** The end of each statement in `framed`, in bytes. */
  readonly ends: readonly number[];
}

/** Statements in the order in which they were written, in few packets. */
export type Script = readonly StatementPacket[];

/** Room for the packet's header, the command and two counts (MySQL's query attributes) before the text. */
export const headroomBytes = 7;

/** The texts of a packet's statements, as views of the packet. */
export function statementsIn({ framed, ends }: StatementPacket): Buffer[] {
  return ends.map((end, index) => framed.subarray(index === 0 ? headroomBytes : ends[index - 1]! + 1, end));
}

/**
 * A packet of this length gets no further statement. Compared with so much work, a round trip is cheap. So only
 * the largest statement determines how large a packet can become.
 */
export const packetFullBytes = 256 * 1024;

const firstBytes = 64 * 1024;
/** A buffer that one huge batch made larger than this is released at the next `clear`. */
const keptBytesMax = 4 * 1024 * 1024;
/** No server accepts a larger packet. */
const lengthMax = 1024 * 1024 * 1024;
/** Up to this length, a loop over the characters is faster than a call into native code. */
const shortCharsMax = 64;

const quote = 0x27;
const backslash = 0x5c;
const comma = 0x2c;
const semicolon = 0x3b;
const zero = 0x30;
/** Up to here, division by `| 0` is exact. */
const smallIntegerMax = 0x7fffffff;
const nonAscii = 0x80;
const special = /['\\]/g;
const hexDigits = Buffer.from('0123456789abcdef', 'latin1');

export class StatementBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = 0;
  /** Start of the packet that is being filled. */
  #start = 0;
  #ends: number[] = [];
  #packets: StatementPacket[] = [];
  #statements = 0;
  #rowSeparator = '(';

  /** Drops all statements. */
  clear(): void {
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#at = 0;
    this.#forget();
  }

  /** Begins a statement with this syntax. */
  begin(sql: string): void {
    if (this.#at - this.#start >= packetFullBytes) this.#closePacket();
    if (this.#ends.length > 0) this.#byte(semicolon);
    else {
      this.#start = this.#at;
      this.#reserve(headroomBytes);
      this.#at += headroomBytes;
    }
    this.sql(sql);
  }

  /** Ends the statement. Returns its index in the script, from 0. */
  end(): number {
    this.#ends.push(this.#at - this.#start);
    return this.#statements++;
  }

  /**
   * Writes one INSERT with the rows of all items, or nothing without items. `writeRows` starts each row of its
   * item with `row`, and writes `comma` between the values.
   */
  insert<Item>(
    table: string,
    columns: string,
    items: readonly Item[],
    writeRows: (item: Item) => void,
  ): void {
    if (items.length === 0) return;
    this.begin(`INSERT INTO ${table} (${columns}) VALUES `);
    this.#rowSeparator = '(';
    for (let index = 0; index < items.length; index++) writeRows(items[index]!);
    this.sql(')');
    this.end();
  }

  /** Begins a row of an `insert`. */
  row(): void {
    this.sql(this.#rowSeparator);
    this.#rowSeparator = '),(';
  }

  /** Ends the script. The result stays valid until `clear`. */
  script(): Script {
    this.#closePacket();
    const packets = this.#packets;
    this.#forget();
    return packets;
  }

  #closePacket(): void {
    if (this.#ends.length === 0) return;
    this.#packets.push({ framed: this.#bytes.subarray(this.#start, this.#at), ends: this.#ends });
    this.#start = this.#at;
    this.#ends = [];
  }

  #forget(): void {
    this.#start = this.#at;
    this.#ends = [];
    this.#packets = [];
    this.#statements = 0;
  }

  /** Writes SQL syntax unchanged. The syntax is ASCII and never contains input. */
  sql(syntax: string): void {
    this.#reserve(syntax.length);
    if (syntax.length > shortCharsMax) {
      this.#at += this.#bytes.write(syntax, this.#at, 'latin1');
      return;
    }
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < syntax.length; index++) bytes[at++] = syntax.charCodeAt(index);
    this.#at = at;
  }

  comma(): void {
    this.#byte(comma);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** A quoted string literal, or NULL. The session's sql_mode has backslash escapes on. */
  text(value: string | null): void {
    if (value === null) {
      this.sql('NULL');
      return;
    }
    this.#reserve(2 * value.length + 2);
    if (value.length <= shortCharsMax && this.#asciiText(value)) return;
    const escaped = value.replace(special, '\\$&');
    // One UTF-16 unit takes at most three bytes.
    this.#reserve(3 * escaped.length + 2);
    this.#bytes[this.#at++] = quote;
    this.#at += this.#bytes.write(escaped, this.#at, 'utf8');
    this.#bytes[this.#at++] = quote;
  }

  /** Writes the literal of an ASCII text. Writes nothing and returns false if a character is not ASCII. */
  #asciiText(value: string): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = quote;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= nonAscii) return false;
      if (code === quote || code === backslash) bytes[at++] = backslash;
      bytes[at++] = code;
    }
    bytes[at++] = quote;
    this.#at = at;
    return true;
  }

  /** A JSON document as a string literal, or NULL for null. */
  json(value: unknown): void {
    this.text(value === null ? null : JSON.stringify(value));
  }

  /**
   * An integer literal, or NULL. Throws RangeError for anything but a safe integer, before it can reach a
   * column.
   */
  integer(value: number | null): void {
    if (value === null) this.sql('NULL');
    else if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    else if (value >= 0 && value <= smallIntegerMax) this.#digits(value);
    else this.sql(String(value));
  }

  /** A comma, then an integer literal or NULL. */
  nextInteger(value: number | null): void {
    this.comma();
    this.integer(value);
  }

  /** Writes the digits from the last to the first. A string of them would be garbage. */
  #digits(value: number): void {
    let count = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count++;
    this.#reserve(count);
    let rest = value;
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      this.#bytes[at] = zero + (rest % 10);
      rest = (rest / 10) | 0;
    }
    this.#at += count;
  }

  /** A binary literal of a UUID in its canonical text form, or NULL. */
  uuid(id: string | null): void {
    if (id === null) {
      this.sql('NULL');
      return;
    }
    this.sql("x'");
    this.#reserve(id.length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < id.length; index++) {
      if (index !== 8 && index !== 13 && index !== 18 && index !== 23) bytes[at++] = id.charCodeAt(index);
    }
    bytes[at++] = quote;
    this.#at = at;
  }

  /** Binary literals of UUIDs with commas between them. */
  uuids(ids: Iterable<string>): void {
    let isFirst = true;
    for (const id of ids) {
      if (!isFirst) this.comma();
      this.uuid(id);
      isFirst = false;
    }
  }

  /** A binary literal in hex, for short values. */
  bytes(value: Uint8Array): void {
    this.sql("x'");
    this.#reserve(2 * value.length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < value.length; index++) {
      bytes[at++] = hexDigits[value[index]! >> 4]!;
      bytes[at++] = hexDigits[value[index]! & 15]!;
    }
    bytes[at++] = quote;
    this.#at = at;
  }

  /**
   * An escaped binary literal, for long values, which hex would double. A later byte of a UTF-8 sequence is
   * never a quote or a backslash. So the server's lexer finds the same end as this code.
   */
  blob(value: Uint8Array): void {
    this.sql("_binary'");
    this.#reserve(2 * value.length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < value.length; index++) {
      const byte = value[index]!;
      if (byte === quote || byte === backslash) bytes[at++] = backslash;
      bytes[at++] = byte;
    }
    bytes[at++] = quote;
    this.#at = at;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    if (needed - this.#start > lengthMax) {
      throw appError('INTERNAL', { reason: `statements of ${needed - this.#start} bytes` });
    }
    // Packets that are already closed stay views of the old buffer.
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, needed));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/**
 * The headers of one fetched record, as bytes. A record of 1 MB may have 175,000 headers. Objects for all of
 * them would block the event loop for too long. So `get` scans the bytes for one header, in 1 to 3 ms at most.
 *
 * Of headers with the same name the last one counts. A header without a value counts as absent. Headers after a
 * malformed one count as absent too. Brokers accept malformed headers in compressed batches, and one record
 * must not stop a consumer.
 */
import { VarintReader } from './protocol/varint-reader.ts';

export type ReadHeaders = Record<string, Buffer | string | undefined>;

export class FetchedHeaders {
  readonly #bytes: Buffer;
  readonly #from: number;
  readonly #to: number;
  #all: ReadHeaders | null = null;

  /** @param from the index of the number of headers in `bytes`; `to` is the end of the record */
  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
  }

  get byteLength(): number {
    return this.#to - this.#from;
  }

  /** All headers as an object, for records that are known to be ordinary. */
  get all(): ReadHeaders {
    this.#all ??= this.first(Number.POSITIVE_INFINITY).headers;
    return this.#all;
  }

  /** The value of one header. Creates nothing for the others. */
  get(name: string): Buffer | string | undefined {
    if (this.#all !== null) return this.#all[name];
    const wanted = Buffer.from(name);
    const walk = this.#walk();
    let valueAt = 0;
    let valueLength = -1;
    while (walk.next()) {
      if (walk.nameLength === wanted.length && this.#isAt(walk.nameAt, wanted))
        ({ valueAt, valueLength } = walk);
    }
    return this.#view(valueAt, valueLength);
  }

  /** The first `max` headers as an object, and how many follow them. */
  first(max: number): { headers: ReadHeaders; omitted: number } {
    // Names come from other producers. Without a prototype, `__proto__` is an ordinary name.
    const headers: ReadHeaders = Object.create(null);
    const walk = this.#walk();
    let count = 0;
    for (; walk.next(); count++) {
      if (count >= max) continue;
      const name = this.#bytes.toString('utf8', walk.nameAt, walk.nameAt + walk.nameLength);
      headers[name] = this.#view(walk.valueAt, walk.valueLength);
    }
    return { headers, omitted: Math.max(0, count - max) };
  }

  #walk(): HeaderWalk {
    return new HeaderWalk(this.#bytes, this.#from, this.#to);
  }

  #isAt(at: number, wanted: Buffer): boolean {
    for (let index = 0; index < wanted.length; index++) {
      if (this.#bytes[at + index] !== wanted[index]) return false;
    }
    return true;
  }

  #view(at: number, length: number): Buffer | undefined {
    return length === -1 ? undefined : this.#bytes.subarray(at, at + length);
  }
}

/** Visits one header after the other and stores the positions of its name and value. */
class HeaderWalk {
  nameAt = 0;
  nameLength = 0;
  valueAt = 0;
  /** -1 if there is no value. */
  valueLength = 0;
  /** Number of headers that are left; null before their number is read. */
  #left: number | null = null;
  readonly #reader: VarintReader;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#reader = new VarintReader(bytes, from, to);
  }

  /** Returns false after the last header and at the first malformed one. */
  next(): boolean {
    try {
      this.#left ??= this.#reader.int();
      if (this.#left <= 0) return false;
      this.#left -= 1;
      const reader = this.#reader;
      this.nameLength = reader.int();
      this.nameAt = reader.at;
      reader.skip(this.nameLength);
      this.valueLength = reader.int();
      this.valueAt = reader.at;
      reader.skip(this.valueLength === -1 ? 0 : this.valueLength);
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#left = 0;
      return false;
    }
  }
}

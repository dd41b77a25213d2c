/** Reads bytes in the record format. Throws a RangeError instead of reading outside them. */
export class VarintReader {
  at: number;
  readonly #bytes: Buffer;
  readonly #end: number;

  /** @param end the end of the record, which no length may exceed */
  constructor(bytes: Buffer, at: number, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  /** A zigzag varint of up to 64 bits. Exact for safe integers, which cover every length, offset and time. */
  int(): number {
    const bytes = this.#bytes;
    const first = bytes[this.at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    let factor = 0x80;
    for (;;) {
      const byte = bytes[this.at++];
      if (byte === undefined) throw new RangeError('a number is cut off');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
      if (factor > 2 ** 63) throw new RangeError('a number of more than 64 bits');
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes after their length, as a view; null for the length -1. */
  bytes(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    const from = this.at;
    this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  skip(length: number): void {
    if (!(length >= 0 && this.at + length <= this.#end)) throw new RangeError('it ends early');
    this.at += length;
  }
}

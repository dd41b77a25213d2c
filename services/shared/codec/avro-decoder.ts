import { isUtf8 } from 'node:buffer';
import { type PoisonCode, PoisonError } from './poison.ts';

/** A long takes at most ten bytes. A longer run of continuation bits is hostile. */
const VARINT_BYTES_MAX = 10;
const REPLACEMENT = '\ufffd';
const NOTHING = Buffer.alloc(0);

/**
 * Reads Avro primitives for avsc's types, in place of avsc's own `Tap`.
 *
 * avsc's `Tap` reads past the end of the buffer and reports it only afterwards. Meanwhile a length or count of
 * nine bytes can allocate gigabytes. This decoder stops at the first invalid byte. It reads all safe integers
 * exactly; avsc loses the sign of longs below -2^52.
 *
 * One decoder serves many messages: `begin`, reads, `end`. Reading is synchronous, so messages never
 * interleave.
 */
export class AvroDecoder {
  buf: Buffer = NOTHING;
  pos = 0;
  schemaId: number | null = null;
  /** Items that arrays and maps may still have. A valid message never has more items than bytes. */
  itemsLeft = 0;

  begin(buf: Buffer, pos: number, schemaId: number): void {
    this.buf = buf;
    this.pos = pos;
    this.schemaId = schemaId;
    this.itemsLeft = buf.length - pos;
  }

  /** Checks that the whole message was read, and releases it. */
  end(): void {
    if (this.pos !== this.buf.length) this.refuse('TRAILING_BYTES');
    this.buf = NOTHING;
  }

  refuse(code: PoisonCode): never {
    this.buf = NOTHING;
    throw new PoisonError(code, this.schemaId);
  }

  readLong(): number {
    const byte = this.buf[this.pos] as number;
    // Past the end, `byte` is undefined, the comparison is false, and the slow path throws.
    if (byte < 0x80) {
      this.pos++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.#readWideLong();
  }

  /**
   * Adds up the first four bytes (28 bits) and the rest separately. So no value is rounded before the range
   * check.
   */
  #readWideLong(): number {
    let low = 0;
    let high = 0;
    let scale = 1;
    for (let at = 0; at < VARINT_BYTES_MAX; at++) {
      const byte = this.buf[this.pos++];
      if (byte === undefined) return this.refuse('TRUNCATED');
      if (at < 4) low |= (byte & 0x7f) << (7 * at);
      else {
        high += (byte & 0x7f) * scale;
        scale *= 128;
      }
      if (byte < 0x80) {
        const magnitude = high * 2 ** 27 + (low >>> 1);
        const value = low & 1 ? -magnitude - 1 : magnitude;
        return Number.isSafeInteger(value) ? value : this.refuse('INVALID_VALUE');
      }
    }
    return this.refuse('INVALID_VALUE');
  }

  readInt(): number {
    const value = this.readLong();
    return (value | 0) === value ? value : this.refuse('INVALID_VALUE');
  }

  readBoolean(): boolean {
    const byte = this.buf[this.pos++];
    if (byte === undefined) return this.refuse('TRUNCATED');
    return byte > 1 ? this.refuse('INVALID_VALUE') : byte === 1;
  }

  readFloat(): number {
    return this.buf.readFloatLE(this.#take(4));
  }

  readDouble(): number {
    return this.buf.readDoubleLE(this.#take(8));
  }

  readString(): string {
    const length = this.readLong();
    if (length === 0) return '';
    const start = this.#take(length);
    const text = this.buf.toString('utf8', start, this.pos);
    // The decoder replaces invalid bytes with U+FFFD. A strict check then distinguishes this from a real
    // U+FFFD.
    if (text.includes(REPLACEMENT) && !isUtf8(this.buf.subarray(start, this.pos)))
      this.refuse('INVALID_UTF8');
    return text;
  }

  readBytes(): Buffer {
    return this.readFixed(this.readLong());
  }

  /** Returns a copy, because a view would keep the whole fetched batch in memory. */
  readFixed(length: number): Buffer {
    const start = this.#take(length);
    const copy = Buffer.allocUnsafe(length);
    this.buf.copy(copy, 0, start, this.pos);
    return copy;
  }

  /**
   * Reads the start of an array or map block.
   *
   * @param itemBytesMin minimum bytes of one item
   * @returns number of items in this block, 0 at the end of the array. If the block states its size in bytes,
   * `blockEnd` is its end.
   */
  readBlock(itemBytesMin: number): number {
    const count = this.readLong();
    this.blockEnd = -1;
    if (count === 0) return 0;
    if (count > 0) return this.#claim(count, itemBytesMin);
    const bytes = this.readLong();
    if (bytes < 0 || bytes > this.buf.length - this.pos) this.refuse('TRUNCATED');
    this.blockEnd = this.pos + bytes;
    return this.#claim(-count, itemBytesMin);
  }

  /** Where the current block must end, or -1 if the block does not state its size. */
  blockEnd = -1;

  /**
   * Counts an item without bytes (null, an empty record) as one byte. Otherwise a sender could name a huge
   * count in a short message.
   */
  #claim(count: number, itemBytesMin: number): number {
    this.itemsLeft -= count;
    if (this.itemsLeft < 0 || count * itemBytesMin > this.buf.length - this.pos)
      this.refuse('COUNT_TOO_LARGE');
    return count;
  }

  #take(length: number): number {
    const start = this.pos;
    if (length < 0) this.refuse('INVALID_VALUE');
    if (length > this.buf.length - start) this.refuse('TRUNCATED');
    this.pos = start + length;
    return start;
  }

  skipLong(): void {
    this.readLong();
  }

  skipInt(): void {
    this.readInt();
  }

  skipBoolean(): void {
    this.readBoolean();
  }

  skipFloat(): void {
    this.#take(4);
  }

  skipDouble(): void {
    this.#take(8);
  }

  skipString(): void {
    this.#take(this.readLong());
  }

  skipBytes(): void {
    this.#take(this.readLong());
  }

  skipFixed(length: number): void {
    this.#take(length);
  }
}

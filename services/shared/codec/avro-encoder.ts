import { AppError } from '../errors/index.ts';
import { FRAME_BYTES, VALUE_BYTES_MAX } from './frame.ts';

const SCRATCH_BYTES = 16 * 1024;
/** Up to this length, a loop over the characters is faster than a call into native code. */
const SHORT_STRING_CHARS_MAX = 40;

/**
 * Writes Avro primitives for avsc's types into one scratch buffer, which grows and is reused.
 *
 * It replaces avsc's own `Tap`, which has three faults. It writes longs below -2^52 with the wrong sign. It
 * writes half a surrogate pair as invalid UTF-8. It starts over when its buffer is too small.
 */
export class AvroEncoder {
  buf: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  pos = 0;
  /** Index of the payload branch to write next (see avro-types.ts). */
  branch = -1;

  begin(schemaId: number): void {
    this.buf[0] = 0;
    this.buf.writeUInt32BE(schemaId, 1);
    this.pos = FRAME_BYTES;
  }

  /** The written bytes, as a new buffer. */
  take(): Buffer {
    if (this.pos > VALUE_BYTES_MAX) throw new AppError('TOO_LONG', { bytes: this.pos });
    const bytes = Buffer.allocUnsafe(this.pos);
    this.buf.copy(bytes, 0, 0, this.pos);
    return bytes;
  }

  writeLong(value: number): void {
    this.#reserve(10);
    if (value >= -0x40000000 && value < 0x40000000) {
      this.#writeVarint((value << 1) ^ (value >> 31));
      return;
    }
    // Zigzag without rounding: the lowest 28 bits, sign included, are computed apart from the rest.
    const magnitude = value < 0 ? -(value + 1) : value;
    const low = (magnitude % 2 ** 27) * 2 + (value < 0 ? 1 : 0);
    let high = Math.floor(magnitude / 2 ** 27);
    for (let at = 0; at < 4; at++) this.buf[this.pos++] = ((low >>> (7 * at)) & 0x7f) | 0x80;
    while (high >= 128) {
      this.buf[this.pos++] = (high % 128) | 0x80;
      high = Math.floor(high / 128);
    }
    this.buf[this.pos++] = high;
  }

  writeInt(value: number): void {
    this.writeLong(value);
  }

  #writeVarint(zigzag: number): void {
    let rest = zigzag >>> 0;
    while (rest >= 0x80) {
      this.buf[this.pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buf[this.pos++] = rest;
  }

  writeBoolean(value: boolean): void {
    this.#reserve(1);
    this.buf[this.pos++] = value ? 1 : 0;
  }

  writeFloat(value: number): void {
    this.#reserve(4);
    this.pos = this.buf.writeFloatLE(value, this.pos);
  }

  writeDouble(value: number): void {
    this.#reserve(8);
    this.pos = this.buf.writeDoubleLE(value, this.pos);
  }

  /** Half a surrogate pair becomes U+FFFD, as in the rest of Node. */
  writeString(value: string): void {
    if (value.length <= SHORT_STRING_CHARS_MAX && this.#writeAscii(value)) return;
    const bytes = Buffer.byteLength(value);
    this.writeLong(bytes);
    this.#reserve(bytes);
    this.pos += this.buf.write(value, this.pos, bytes, 'utf8');
  }

  /** Writes length and characters. Writes nothing and returns false if a character is not ASCII. */
  #writeAscii(value: string): boolean {
    const start = this.pos;
    const length = value.length;
    this.#reserve(length + 1);
    const { buf } = this;
    buf[start] = length << 1;
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at);
      if (code > 0x7f) return false;
      buf[start + 1 + at] = code;
    }
    this.pos = start + 1 + length;
    return true;
  }

  writeBytes(value: Buffer): void {
    this.writeLong(value.length);
    this.writeFixed(value, value.length);
  }

  writeFixed(value: Buffer, length: number): void {
    this.#reserve(length);
    value.copy(this.buf, this.pos, 0, length);
    this.pos += length;
  }

  /** avsc keeps encoded defaults as binary strings. */
  writeBinary(value: string, length: number): void {
    this.#reserve(length);
    this.buf.write(value, this.pos, length, 'latin1');
    this.pos += length;
  }

  #reserve(bytes: number): void {
    const needed = this.pos + bytes;
    if (needed > this.buf.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    // A reservation may be a little larger than the text. So the scratch buffer may exceed the limit that
    // `take` checks.
    if (needed > 2 * VALUE_BYTES_MAX) throw new AppError('TOO_LONG', { bytes: needed });
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buf.length));
    this.buf.copy(grown, 0, 0, this.pos);
    this.buf = grown;
  }
}

/**
 * Zigzag varints of the record format (protocol-buffers "sint"). Numbers may use the whole safe-integer range,
 * because timestamp deltas have 64 bits on the wire. Numbers beyond 31 bits take the slow path.
 */

const slowFrom = 0x3fffffff;

/** The number of bytes of an encoded `value`. */
export function varintSize(value: number): number {
  if (value > slowFrom || value < -slowFrom) return slowSize(value);
  const zigzag = (value << 1) ^ (value >> 31);
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes `value` at `offset` and returns the offset after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  if (value > slowFrom || value < -slowFrom) return slowWrite(bytes, offset, value);
  let zigzag = (value << 1) ^ (value >> 31);
  let at = offset;
  while (zigzag > 0x7f) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

function slowSize(value: number): number {
  let size = 1;
  for (let rest = zigzag64(value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

function slowWrite(bytes: Uint8Array, offset: number, value: number): number {
  let rest = zigzag64(value);
  let at = offset;
  while (rest > 0x7fn) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  bytes[at++] = Number(rest);
  return at;
}

function zigzag64(value: number): bigint {
  const wide = BigInt(value);
  return wide >= 0n ? wide << 1n : (-wide << 1n) - 1n;
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected polynomial. Node's zlib has only the other CRC-32. */
const polynomial = 0x82f63b78;

/**
 * tables[k][b] is the CRC of byte b followed by k zero bytes. One step handles eight bytes ("slicing-by-8",
 * Intel 2006).
 */
const tables: readonly Int32Array[] = makeTables();

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * The checksum of `bytes[start, end)` as an unsigned 32-bit number. Takes about 0.5 ns per byte. A loop with
 * one table takes 5 ns.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const misaligned = (bytes.byteOffset + start) & 3;
  const wordsFrom = isLittleEndian ? Math.min(end, start + ((4 - misaligned) & 3)) : end;
  const wordPairs = (end - wordsFrom) >> 3;
  let crc = foldBytes(-1, bytes, start, wordsFrom);
  crc = foldWords(
    crc,
    new Int32Array(bytes.buffer, wordPairs > 0 ? bytes.byteOffset + wordsFrom : 0, wordPairs * 2),
  );
  crc = foldBytes(crc, bytes, wordsFrom + wordPairs * 8, end);
  return ~crc >>> 0;
}

function foldBytes(before: number, bytes: Uint8Array, start: number, end: number): number {
  const first = tables[0]!;
  let crc = before;
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ first[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}

function foldWords(before: number, words: Int32Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as EightTables;
  let crc = before;
  for (let i = 0; i < words.length; i += 2) {
    const low = crc ^ words[i]!;
    const high = words[i + 1]!;
    crc =
      t7[low & 0xff]! ^
      t6[(low >>> 8) & 0xff]! ^
      t5[(low >>> 16) & 0xff]! ^
      t4[low >>> 24]! ^
      t3[high & 0xff]! ^
      t2[(high >>> 8) & 0xff]! ^
      t1[(high >>> 16) & 0xff]! ^
      t0[high >>> 24]!;
  }
  return crc;
}

type Table = Int32Array;
type EightTables = [Table, Table, Table, Table, Table, Table, Table, Table];

function makeTables(): Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    first[byte] = crc;
  }
  const all = [first];
  for (let slice = 1; slice < 8; slice++) {
    const before = all[slice - 1]!;
    all.push(Int32Array.from(before, (crc) => (crc >>> 8) ^ first[crc & 0xff]!));
  }
  return all;
}

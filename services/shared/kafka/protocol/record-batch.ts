import type { EncodedHeaders, OutHeaders, OutMessage } from '../types.ts';
import { crc32c } from './crc32c.ts';
import { varintSize, writeVarint } from './varint.ts';

/**
 * Writes uncompressed record batches of magic 2. It computes the size first, and allocates one buffer per batch.
 * kafkajs's encoder allocates and clears 512 bytes per record and per header.
 * https://kafka.apache.org/documentation/#recordbatch
 */

const batchHeaderBytes = 61;
/** The index where the length field starts to count, and the index where the checksummed part starts. */
const lengthCountsFrom = 12;
const crcCountsFrom = 21;
/** The bit of the attributes that says that the batch is part of a transaction. */
const transactionalFlag = 0b10000;
/** The maximum number of cached header names. Usually there are few names. */
const namesRememberedMax = 256;

/** The transactional producer of a batch, as the broker registered it. */
export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  /** Number of records that this producer appended to the partition before. */
  readonly firstSequence: number;
}

type Encodable = Pick<OutMessage, 'key' | 'value' | 'headers' | 'timestampMs'>;

/** Encodes a block of headers once, for many messages. Headers in `more` are added per message. */
export function encodeHeaders(headers: Readonly<Record<string, string | Buffer>>): EncodedHeaders {
  const names = Object.keys(headers);
  const bytes = Buffer.allocUnsafe(plainHeadersSize(headers));
  let at = 0;
  for (const name of names) at = writeHeader(bytes, at, name, headers[name]!);
  return { encodedHeaders: bytes, headerCount: names.length };
}

/**
 * The size of the message in a batch, or a few bytes more. The function assumes likely sizes of the offset and
 * timestamp deltas.
 */
export function recordSizeBound(message: Encodable): number {
  const body = bodySize(message, 0x3fff, 0x3fff);
  return varintSize(body) + body;
}

/**
 * One record batch of `messages[from, to)`, in order, with their timestamps. At least one message is needed.
 * @param producer null for a producer without id and transaction
 */
export function encodeBatch(
  messages: readonly Encodable[],
  from = 0,
  to = messages.length,
  producer: BatchProducer | null = null,
): Buffer {
  const baseTimestampMs = messages[from]!.timestampMs;
  const bodySizes = new Array<number>(to - from);
  let size = batchHeaderBytes;
  let maxTimestampMs = baseTimestampMs;
  for (let i = from; i < to; i++) {
    const message = messages[i]!;
    if (message.timestampMs > maxTimestampMs) maxTimestampMs = message.timestampMs;
    const body = bodySize(message, message.timestampMs - baseTimestampMs, i - from);
    bodySizes[i - from] = body;
    size += varintSize(body) + body;
  }

  const bytes = Buffer.allocUnsafe(size);
  let at = writeBatchHeader(bytes, { count: to - from, baseTimestampMs, maxTimestampMs });
  if (producer !== null) writeProducer(bytes, producer);
  for (let i = from; i < to; i++) {
    at = writeVarint(bytes, at, bodySizes[i - from]!);
    at = writeBody(bytes, at, messages[i]!, messages[i]!.timestampMs - baseTimestampMs, i - from);
  }
  bytes.writeUInt32BE(crc32c(bytes, crcCountsFrom, size), 17);
  return bytes;
}

function writeBatchHeader(
  bytes: Buffer,
  batch: { count: number; baseTimestampMs: number; maxTimestampMs: number },
): number {
  bytes.writeUInt32BE(0, 0); // base offset: the broker assigns it
  bytes.writeUInt32BE(0, 4);
  bytes.writeInt32BE(bytes.length - lengthCountsFrom, 8);
  bytes.writeInt32BE(-1, 12); // leader epoch: set by the broker
  bytes[16] = 2; // magic
  bytes.writeUInt16BE(0, 21); // attributes: no compression, create time
  bytes.writeInt32BE(batch.count - 1, 23);
  writeInt64(bytes, 27, batch.baseTimestampMs);
  writeInt64(bytes, 35, batch.maxTimestampMs);
  bytes.fill(0xff, 43, 57); // producer id, epoch, first sequence: none (-1)
  bytes.writeInt32BE(batch.count, 57);
  return batchHeaderBytes;
}

function writeProducer(bytes: Buffer, { id, epoch, firstSequence }: BatchProducer): void {
  bytes.writeUInt16BE(transactionalFlag, 21);
  bytes.writeBigInt64BE(id, 43);
  bytes.writeInt16BE(epoch, 51);
  bytes.writeInt32BE(firstSequence, 53);
}

function bodySize(message: Encodable, timestampDelta: number, offsetDelta: number): number {
  const { key, value, headers } = message;
  return (
    1 +
    varintSize(timestampDelta) +
    varintSize(offsetDelta) +
    bytesSize(key) +
    bytesSize(value) +
    headersSize(headers)
  );
}

function writeBody(
  bytes: Buffer,
  offset: number,
  message: Encodable,
  timestampDelta: number,
  offsetDelta: number,
): number {
  bytes[offset] = 0; // attributes of a record are unused
  let at = writeVarint(bytes, offset + 1, timestampDelta);
  at = writeVarint(bytes, at, offsetDelta);
  at = writeBytes(bytes, at, message.key);
  at = writeBytes(bytes, at, message.value);
  return writeHeaders(bytes, at, message.headers);
}

function isEncoded(headers: OutHeaders): headers is EncodedHeaders {
  return Buffer.isBuffer(headers.encodedHeaders) && typeof headers.headerCount === 'number';
}

function headersSize(headers: OutHeaders): number {
  return varintSize(countHeaders(headers)) + headerBlockSize(headers);
}

function writeHeaders(bytes: Buffer, offset: number, headers: OutHeaders): number {
  return writeHeaderBlock(bytes, writeVarint(bytes, offset, countHeaders(headers)), headers);
}

/** The number of headers of a message. */
export function countHeaders(headers: OutHeaders): number {
  let count = isEncoded(headers) ? headers.headerCount : 0;
  for (const _name in plainOf(headers)) count++;
  return count;
}

/** Bytes of all headers in the wire format, without the count before them. */
export function headerBlockSize(headers: OutHeaders): number {
  return (isEncoded(headers) ? headers.encodedHeaders.length : 0) + plainHeadersSize(plainOf(headers));
}

/** Writes all headers at `offset`, without the count before them, and returns the offset after them. */
export function writeHeaderBlock(bytes: Buffer, offset: number, headers: OutHeaders): number {
  let at = offset;
  if (isEncoded(headers)) at += headers.encodedHeaders.copy(bytes, at);
  const plain = plainOf(headers);
  for (const name in plain) at = writeHeader(bytes, at, name, plain[name]!);
  return at;
}

const noHeaders = {};

function plainOf(headers: OutHeaders): Readonly<Record<string, string | Buffer>> {
  return isEncoded(headers) ? (headers.more ?? noHeaders) : (headers as Record<string, string | Buffer>);
}

function plainHeadersSize(headers: Readonly<Record<string, string | Buffer>>): number {
  let size = 0;
  for (const name in headers) {
    const value = headers[name]!;
    const valueBytes = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    size += nameBytes(name).length + varintSize(valueBytes) + valueBytes;
  }
  return size;
}

function writeHeader(bytes: Buffer, offset: number, name: string, value: string | Buffer): number {
  const encodedName = nameBytes(name);
  bytes.set(encodedName, offset);
  const at = offset + encodedName.length;
  if (typeof value !== 'string') return writeBytes(bytes, at, value);
  const length = Buffer.byteLength(value);
  const begin = writeVarint(bytes, at, length);
  bytes.write(value, begin, length, 'utf8');
  return begin + length;
}

const rememberedNames = new Map<string, Buffer>();

/** The bytes of a header's name: length and text. */
function nameBytes(name: string): Buffer {
  const remembered = rememberedNames.get(name);
  if (remembered !== undefined) return remembered;
  const length = Buffer.byteLength(name);
  const bytes = Buffer.alloc(varintSize(length) + length);
  bytes.write(name, writeVarint(bytes, 0, length), 'utf8');
  if (rememberedNames.size < namesRememberedMax) rememberedNames.set(name, bytes);
  return bytes;
}

function bytesSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function writeBytes(target: Buffer, offset: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(target, offset, -1);
  const at = writeVarint(target, offset, bytes.length);
  target.set(bytes, at);
  return at + bytes.length;
}

/** `value` is a safe integer, so floating-point numbers can compute its high word. */
function writeInt64(bytes: Buffer, offset: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / 0x100000000), offset);
  bytes.writeUInt32BE(value >>> 0, offset + 4);
}

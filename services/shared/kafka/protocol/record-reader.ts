/**
 * Reads the records of one partition from a Fetch response, in one pass and without copying. Keys and values
 * are views of the response. Headers are parsed on request. Only batches of magic 2 are supported
 * (https://kafka.apache.org/documentation/#recordbatch), because brokers since 4.0 use no others.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { appError } from '../../errors/index.ts';
import { FetchedHeaders } from '../fetched-headers.ts';
import { FetchedRecord } from '../fetched-record.ts';
import type { InRecord } from '../types.ts';
import { VarintReader } from './varint-reader.ts';

/** An aborted transaction whose records may be among the fetched ones. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface RecordSet {
  /** The committed records, in order, from the requested offset on. */
  readonly records: InRecord[];
  /** The next offset to fetch. It is after the last complete batch, even if this batch had no record for us. */
  readonly next: bigint;
}

const batchHeaderBytes = 61;
const lengthCountsFrom = 12;
const magicAt = 16;
const attributesAt = 21;

const compressionMask = 0b111;
const appendTimeFlag = 0b1000;
const transactionalFlag = 0b10000;
const controlFlag = 0b100000;
const commitMarker = 1;
/** Maximum unpacked size of a batch, which is more than any topic allows. */
const unpackedBytesMax = 64 * 1024 * 1024;

/**
 * @param bytes record batches in sequence, of which the last one may be truncated
 * @param from the requested offset, which may be inside a batch
 * @param aborted the aborted transactions that the broker listed
 * @throws AppError INTERNAL for invalid record batches, or for a compression that Node does not support
 */
export function readRecordSet(
  bytes: Buffer,
  topic: string,
  partition: number,
  from: bigint,
  aborted: readonly AbortedTransaction[],
): RecordSet {
  const records: InRecord[] = [];
  const isAborted = createAbortedFilter(aborted);
  let next = from;
  for (let at = 0; at + batchHeaderBytes <= bytes.length; ) {
    const end = at + lengthCountsFrom + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    try {
      if (bytes[at + magicAt] !== 2) throw new Error(`magic ${bytes[at + magicAt]}`);
      if (end < at + batchHeaderBytes) throw new Error('a length that is none');
      const batch = bytes.subarray(at, end);
      if (!isAborted(batch) && !isControl(batch)) readBatch(batch, topic, partition, from, records);
    } catch (cause) {
      const reason = `the record batch at offset ${bytes.readBigInt64BE(at)} of ${topic}-${partition} cannot be read: ${(cause as Error).message}`;
      throw appError('INTERNAL', { reason }, { cause });
    }
    const behind = lastOffsetOf(bytes.subarray(at, end)) + 1n;
    if (behind > next) next = behind;
    at = end;
  }
  return { records, next };
}

const attributesOf = (batch: Buffer): number => batch.readInt16BE(attributesAt);
const isControl = (batch: Buffer): boolean => (attributesOf(batch) & controlFlag) !== 0;
const lastOffsetOf = (batch: Buffer): bigint => batch.readBigInt64BE(0) + BigInt(batch.readInt32BE(23));

/** Returns a filter for the batches in order: whether each batch belongs to an aborted transaction. */
function createAbortedFilter(aborted: readonly AbortedTransaction[]): (batch: Buffer) => boolean {
  if (aborted.length === 0) return () => false;
  const ahead = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const open = new Set<bigint>();
  return (batch) => {
    const last = lastOffsetOf(batch);
    while (ahead.length > 0 && ahead[0]!.firstOffset <= last) open.add(ahead.shift()!.producerId);
    const producerId = batch.readBigInt64BE(43);
    // This record ends the transaction. Later batches of this producer belong to another one.
    if (isControl(batch)) {
      if (!isCommit(batch)) open.delete(producerId);
      return true;
    }
    return (attributesOf(batch) & transactionalFlag) !== 0 && open.has(producerId);
  };
}

/** Whether a control record commits. Its key has a version and a type, 16 bits each. */
function isCommit(batch: Buffer): boolean {
  const reader = new VarintReader(batch, batchHeaderBytes);
  reader.int();
  reader.skip(1);
  reader.int();
  reader.int();
  return reader.int() >= 4 && batch.readInt16BE(reader.at + 2) === commitMarker;
}

function readBatch(batch: Buffer, topic: string, partition: number, from: bigint, records: InRecord[]): void {
  const attributes = attributesOf(batch);
  const baseOffset = Number(batch.readBigInt64BE(0));
  const baseTimestampMs = Number(batch.readBigInt64BE(27));
  const appendedMs = (attributes & appendTimeFlag) === 0 ? null : Number(batch.readBigInt64BE(35));
  const count = batch.readInt32BE(57);
  const first = Number(from) - baseOffset;
  const bytes = unpack(batch, attributes & compressionMask);
  const reader = new VarintReader(bytes, 0);
  for (let index = 0; index < count; index++) {
    const length = reader.int();
    const end = reader.at + length;
    reader.skip(1);
    const timestampDelta = reader.int();
    const offsetDelta = reader.int();
    if (offsetDelta >= first) {
      const timestampMs = appendedMs ?? baseTimestampMs + timestampDelta;
      const offset = BigInt(baseOffset + offsetDelta);
      const [key, value] = [reader.bytes(), reader.bytes()];
      const headers = new FetchedHeaders(bytes, reader.at, end);
      records.push(new FetchedRecord(topic, partition, offset, timestampMs, key, value, headers));
    }
    reader.skip(end - reader.at);
  }
}

function unpack(batch: Buffer, codec: number): Buffer {
  const packed = batch.subarray(batchHeaderBytes);
  switch (codec) {
    case 0:
      return packed;
    case 1:
      return gunzipSync(packed, { maxOutputLength: unpackedBytesMax });
    case 4:
      return zstdDecompressSync(packed, { maxOutputLength: unpackedBytesMax });
    default:
      throw new Error(
        `compression ${codec === 2 ? 'snappy' : codec === 3 ? 'lz4' : codec} is not known here`,
      );
  }
}

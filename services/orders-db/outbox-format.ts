/**
 * The bytes of an outbox row. The row stores complete messages. So a worker publishes the same bytes after a crash as
 * before it. This is version 2. All integers are big-endian:
 *
 *   u8    version, then per message:
 *   u16   topic length, topic
 *   u16   partition
 *   f64   timestamp in ms
 *   i32   key length (-1: null), key
 *   i32   value length (-1: null), value
 *   u32   header count (u16 in version 1)
 *   u32   length of the headers, headers in Kafka's wire format
 */
import { appError } from '../shared/errors/index.ts';
import {
  countHeaders,
  type EncodedHeaders,
  headerBlockSize,
  type OutMessage,
  writeHeaderBlock,
} from '../shared/kafka/index.ts';

/** A message of an outbox row. Its headers are one encoded block. Its buffers are views of the bytes of the row. */
export type StoredMessage = OutMessage & { readonly headers: EncodedHeaders };

const formatVersion = 2;
const fixedBytes = 2 + 2 + 8 + 4 + 4 + 4 + 4;

/** The topic name of kept rows. The name differs, so that these rows do not count as unpublished. */
export const publishedName = (topic: string): string => `${topic}#published`;

/** Encodes messages for an outbox row. */
export function encodeMessages(messages: readonly OutMessage[]): Buffer {
  let size = 1;
  for (const { topic, key, value, headers } of messages) {
    size += fixedBytes + topic.length + (key?.length ?? 0) + (value?.length ?? 0) + headerBlockSize(headers);
  }
  const out = Buffer.allocUnsafe(size);
  let at = out.writeUInt8(formatVersion, 0);
  for (const { topic, partition, key, value, headers, timestampMs } of messages) {
    at = out.writeUInt16BE(topic.length, at);
    at += out.write(topic, at, 'latin1');
    at = out.writeUInt16BE(partition, at);
    at = out.writeDoubleBE(timestampMs, at);
    at = writeNullable(out, at, key);
    at = writeNullable(out, at, value);
    at = out.writeUInt32BE(countHeaders(headers), at);
    const block = at + 4;
    at = writeHeaderBlock(out, block, headers);
    out.writeUInt32BE(at - block, block - 4);
  }
  return out;
}

/**
 * Reads the bytes of `encodeMessages`. Throws INTERNAL for an unknown version, or if a message is incomplete.
 */
export function decodeMessages(blob: Buffer): StoredMessage[] {
  const version = blob[0];
  if (version !== 1 && version !== formatVersion)
    throw appError('INTERNAL', { reason: `outbox row of format ${version}` });
  const messages: StoredMessage[] = [];
  let at = 1;
  const take = (length: number): Buffer => {
    if (at + length > blob.length)
      throw appError('INTERNAL', { reason: 'an outbox row ends within a message' });
    const part = blob.subarray(at, at + length);
    at += length;
    return part;
  };
  const u16 = () => take(2).readUInt16BE();
  const u32 = () => take(4).readUInt32BE();
  const nullable = () => {
    const length = take(4).readInt32BE();
    return length < 0 ? null : take(length);
  };
  while (at < blob.length) {
    const topic = take(u16()).toString('latin1');
    const partition = u16();
    const timestampMs = take(8).readDoubleBE();
    const key = nullable();
    const value = nullable();
    const headerCount = version === 1 ? u16() : u32();
    const encodedHeaders = take(u32());
    messages.push({ topic, partition, key, value, headers: { encodedHeaders, headerCount }, timestampMs });
  }
  return messages;
}

function writeNullable(out: Buffer, start: number, content: Buffer | null): number {
  const at = out.writeInt32BE(content === null ? -1 : content.length, start);
  return content === null ? at : at + content.copy(out, at);
}

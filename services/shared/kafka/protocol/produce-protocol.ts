import type { WireRequest } from '../kafkajs/library-types.ts';

/**
 * The Produce request, version 7 (every broker since 2.1): written by us, because kafkajs's response parser throws away
 * the answers of all partitions when one of them failed, and its sender then counts the others as done.
 * https://kafka.apache.org/protocol.html#The_Messages_Produce
 */
export const produceApiKey = 0;
export const produceApiVersion = 7;
const acksOfAllInSync = -1;

/** Records of one partition, as one record batch. `topic` is the name on the wire. */
export interface EncodedBatch {
  topic: string;
  partition: number;
  bytes: Buffer;
}

export interface PartitionAnswer {
  topic: string;
  partition: number;
  errorCode: number;
  baseOffset: bigint;
}

/**
 * `onHanded` is called when the bytes go to the connection: from then on the broker may have them.
 * The answer is parsed to `PartitionAnswer[]`, errors included.
 */
export function produceRequest(
  batches: readonly EncodedBatch[],
  timeoutMs: number,
  onHanded: () => void,
): WireRequest {
  return {
    request: {
      apiKey: produceApiKey,
      apiVersion: produceApiVersion,
      apiName: 'Produce',
      encode: async () => {
        const body = encodeBody(batches, timeoutMs);
        onHanded();
        return { buf: body, buffer: body };
      },
    },
    response: {
      decode: async (raw) => decodeAnswer(raw),
      parse: async (data) => (data as Answer).partitions,
    },
    logResponseError: false,
  };
}

interface Answer {
  partitions: PartitionAnswer[];
  /** Read by kafkajs's connection: how long the broker wants us to be quiet (KIP-219). */
  clientSideThrottleTime: number;
}

function encodeBody(batches: readonly EncodedBatch[], timeoutMs: number): Buffer {
  const byTopic = new Map<string, EncodedBatch[]>();
  let size = 2 + 2 + 4 + 4;
  for (const batch of batches) {
    const known = byTopic.get(batch.topic);
    if (known === undefined) {
      byTopic.set(batch.topic, [batch]);
      size += 2 + Buffer.byteLength(batch.topic) + 4;
    } else known.push(batch);
    size += 4 + 4 + batch.bytes.length;
  }

  const body = Buffer.allocUnsafe(size);
  let at = body.writeInt16BE(-1, 0); // no transactional id
  at = body.writeInt16BE(acksOfAllInSync, at);
  at = body.writeInt32BE(timeoutMs, at);
  at = body.writeInt32BE(byTopic.size, at);
  for (const [topic, own] of byTopic) {
    const nameLength = body.write(topic, at + 2, 'utf8');
    body.writeInt16BE(nameLength, at);
    at = body.writeInt32BE(own.length, at + 2 + nameLength);
    for (const { partition, bytes } of own) {
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(bytes.length, at);
      body.set(bytes, at);
      at += bytes.length;
    }
  }
  return body;
}

/**
 * Reads an answer to its last byte. Throws RangeError for one that is cut off, longer than it says, or in any other way not
 * of this shape: then nobody knows what was written.
 */
export function decodeAnswer(raw: Buffer): Answer {
  const partitions: PartitionAnswer[] = [];
  let at = 4;
  for (let topics = countAt(raw, 0); topics > 0; topics--) {
    const nameLength = raw.readInt16BE(at);
    if (nameLength < 0 || at + 2 + nameLength > raw.length)
      throw new RangeError('a Produce answer with a topic that has no end');
    const topic = raw.toString('utf8', at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    const count = countAt(raw, at);
    at += 4;
    for (let i = 0; i < count; i++, at += answerBytes) {
      partitions.push({
        topic,
        partition: raw.readInt32BE(at),
        errorCode: raw.readInt16BE(at + 4),
        baseOffset: raw.readBigInt64BE(at + 6),
      });
    }
  }
  const clientSideThrottleTime = raw.readInt32BE(at);
  if (at + 4 !== raw.length)
    throw new RangeError(`a Produce answer of ${raw.length} bytes that ends at ${at + 4}`);
  return { partitions, clientSideThrottleTime };
}

/** A count that the bytes behind it can hold. */
function countAt(raw: Buffer, at: number): number {
  const count = raw.readInt32BE(at);
  if (count < 0 || count > raw.length) throw new RangeError(`a Produce answer with a count of ${count}`);
  return count;
}

/** Partition, error code, base offset, append time, log start offset. */
const answerBytes = 4 + 2 + 8 + 8 + 8;

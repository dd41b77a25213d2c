/**
 * The Produce request, version 7, which every broker since 2.1 supports. We write it ourselves, because kafkajs
 * has a fault. Its parser drops the responses of all partitions when one of them failed. Its sender then counts
 * the others as written. https://kafka.apache.org/protocol.html#The_Messages_Produce
 */
import type { WireRequest } from '../kafkajs/library-types.ts';

export const produceApiKey = 0;
export const produceApiVersion = 7;

export interface ProduceRequestPartition {
  /** The topic name with the prefix. */
  topic: string;
  partition: number;
  /** One record batch. */
  records: Buffer;
}

export interface ProduceResponsePartition {
  topic: string;
  partition: number;
  errorCode: number;
  baseOffset: bigint;
}

/**
 * Calls `onHanded` when the connection gets the bytes. From then on the broker may have them. The result of the
 * request is `ProduceResponsePartition[]`, with failed partitions.
 */
export function produceRequest(
  partitions: readonly ProduceRequestPartition[],
  timeoutMs: number,
  onHanded: () => void,
  transactionalId: string | null = null,
): WireRequest {
  return {
    request: {
      apiKey: produceApiKey,
      apiVersion: produceApiVersion,
      apiName: 'Produce',
      encode: async () => {
        const body = encodeRequest(partitions, timeoutMs, transactionalId);
        onHanded();
        return { buf: body, buffer: body };
      },
    },
    response: {
      decode: async (raw) => decodeResponse(raw),
      parse: async (data) => (data as ProduceResponse).partitions,
    },
    logResponseError: false,
  };
}

const nullString = -1;
const acksOfAllInSync = -1;

/*
 * Produce Request (Version: 7) => transactional_id acks timeout_ms [topic_data]
 *   transactional_id => NULLABLE_STRING
 *   acks => INT16
 *   timeout_ms => INT32
 *   topic_data => name [partition_data]
 *     name => STRING
 *     partition_data => index records
 *       index => INT32
 *       records => RECORDS
 */
function encodeRequest(
  partitions: readonly ProduceRequestPartition[],
  timeoutMs: number,
  transactionalId: string | null,
): Buffer {
  const topicData = new Map<string, ProduceRequestPartition[]>();
  const idBytes = transactionalId === null ? null : Buffer.from(transactionalId);
  let size = 2 + (idBytes?.length ?? 0) + 2 + 4 + 4;
  for (const one of partitions) {
    const known = topicData.get(one.topic);
    if (known === undefined) {
      topicData.set(one.topic, [one]);
      size += 2 + Buffer.byteLength(one.topic) + 4;
    } else known.push(one);
    size += 4 + 4 + one.records.length;
  }

  const body = Buffer.allocUnsafe(size);
  let at = body.writeInt16BE(idBytes?.length ?? nullString, 0); // transactional_id
  if (idBytes !== null) {
    body.set(idBytes, at);
    at += idBytes.length;
  }
  at = body.writeInt16BE(acksOfAllInSync, at);
  at = body.writeInt32BE(timeoutMs, at);
  at = body.writeInt32BE(topicData.size, at);
  for (const [name, own] of topicData) {
    const nameBytes = body.write(name, at + 2, 'utf8');
    body.writeInt16BE(nameBytes, at);
    at = body.writeInt32BE(own.length, at + 2 + nameBytes);
    for (const { partition, records } of own) {
      at = body.writeInt32BE(partition, at); // index
      at = body.writeInt32BE(records.length, at);
      body.set(records, at);
      at += records.length;
    }
  }
  return body;
}

interface ProduceResponse {
  partitions: ProduceResponsePartition[];
  /**
   * The field throttle_time_ms. kafkajs's connection reads it under this name and pauses for this time
   * (KIP-219).
   */
  clientSideThrottleTime: number;
}

/*
 * Produce Response (Version: 7) => [responses] throttle_time_ms
 *   responses => name [partition_responses]
 *     name => STRING
 *     partition_responses => index error_code base_offset log_append_time_ms log_start_offset
 *       index => INT32
 *       error_code => INT16
 *       base_offset => INT64
 *       log_append_time_ms => INT64
 *       log_start_offset => INT64
 *   throttle_time_ms => INT32
 */
const errorCodeAt = 4;
const baseOffsetAt = errorCodeAt + 2;
const partitionResponseBytes = 4 + 2 + 8 + 8 + 8;

/**
 * Reads a response to its last byte. Throws RangeError if the response is incomplete, has extra bytes, or has
 * another shape. Then it is unknown which records were written.
 */
export function decodeResponse(raw: Buffer): ProduceResponse {
  const partitions: ProduceResponsePartition[] = [];
  let at = 4;
  for (let responses = countAt(raw, 0); responses > 0; responses--) {
    const nameBytes = raw.readInt16BE(at);
    if (nameBytes < 0 || at + 2 + nameBytes > raw.length)
      throw new RangeError('a Produce response with a topic that has no end');
    const topic = raw.toString('utf8', at + 2, at + 2 + nameBytes);
    at += 2 + nameBytes;
    const count = countAt(raw, at);
    at += 4;
    for (let i = 0; i < count; i++, at += partitionResponseBytes) {
      partitions.push({
        topic,
        partition: raw.readInt32BE(at), // index
        errorCode: raw.readInt16BE(at + errorCodeAt),
        baseOffset: raw.readBigInt64BE(at + baseOffsetAt),
      });
    }
  }
  const clientSideThrottleTime = raw.readInt32BE(at);
  if (at + 4 !== raw.length)
    throw new RangeError(`a Produce response of ${raw.length} bytes that ends at ${at + 4}`);
  return { partitions, clientSideThrottleTime };
}

/** Reads a count. Throws if the response is too short for it. */
function countAt(raw: Buffer, at: number): number {
  const count = raw.readInt32BE(at);
  if (count < 0 || count > raw.length) throw new RangeError(`a Produce response with a count of ${count}`);
  return count;
}

/**
 * The Fetch request, version 11. Every broker since 2.3 supports it, and it is the last version without
 * flexible fields. We write it ourselves, because kafkajs's version has three faults. It reads each record into
 * an object of strings. It merges headers with the same name. It drops the responses of all partitions when one
 * of them failed. https://kafka.apache.org/protocol.html#The_Messages_Fetch
 */
import type { WireRequest } from '../kafkajs/library-types.ts';
import type { AbortedTransaction } from './record-reader.ts';

export const fetchApiKey = 1;
export const fetchApiVersion = 11;

export interface FetchRequestPartition {
  /** The topic name with the prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly fetchOffset: bigint;
  readonly partitionMaxBytes: number;
}

export interface FetchLimits {
  /** How long the broker waits for a first record. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

export interface FetchResponsePartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches in sequence. The last one may be incomplete. */
  readonly records: Buffer;
}

/** The result of the request is `FetchResponsePartition[]`, with failed partitions. */
export function fetchRequest(partitions: readonly FetchRequestPartition[], limits: FetchLimits): WireRequest {
  return {
    request: {
      apiKey: fetchApiKey,
      apiVersion: fetchApiVersion,
      apiName: 'Fetch',
      encode: async () => {
        const body = encodeRequest(partitions, limits);
        return { buf: body, buffer: body };
      },
    },
    response: {
      decode: async (raw) => decodeResponse(raw),
      parse: async (data) => (data as FetchResponse).partitions,
    },
    logResponseError: false,
  };
}

const consumerReplicaId = -1;
/** The broker responds as soon as it has one record. */
const minBytes = 1;
const readCommitted = 1;
const noSession = { id: 0, epoch: -1 };
const unknownLeaderEpoch = -1;
/** Only followers send a log start offset. */
const noLogStartOffset = -1n;

/*
 * Fetch Request (Version: 11) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
 *     [topics] [forgotten_topics_data] rack_id
 *   replica_id => INT32
 *   max_wait_ms => INT32
 *   min_bytes => INT32
 *   max_bytes => INT32
 *   isolation_level => INT8
 *   session_id => INT32
 *   session_epoch => INT32
 *   topics => topic [partitions]
 *     topic => STRING
 *     partitions => partition current_leader_epoch fetch_offset log_start_offset partition_max_bytes
 *       partition => INT32
 *       current_leader_epoch => INT32
 *       fetch_offset => INT64
 *       log_start_offset => INT64
 *       partition_max_bytes => INT32
 *   forgotten_topics_data => topic [partitions]
 *   rack_id => STRING
 */
const partitionRequestBytes = 4 + 4 + 8 + 8 + 4;

function encodeRequest(
  partitions: readonly FetchRequestPartition[],
  { maxWaitMs, maxBytes }: FetchLimits,
): Buffer {
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  let size = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 4 + 2;
  for (const [topic, own] of topics)
    size += 2 + Buffer.byteLength(topic) + 4 + own.length * partitionRequestBytes;

  const body = Buffer.allocUnsafe(size);
  let at = body.writeInt32BE(consumerReplicaId, 0);
  at = body.writeInt32BE(maxWaitMs, at);
  at = body.writeInt32BE(minBytes, at);
  at = body.writeInt32BE(maxBytes, at);
  at = body.writeInt8(readCommitted, at); // isolation_level
  at = body.writeInt32BE(noSession.id, at);
  at = body.writeInt32BE(noSession.epoch, at);
  at = body.writeInt32BE(topics.size, at);
  for (const [topic, own] of topics) {
    const topicBytes = body.write(topic, at + 2, 'utf8');
    body.writeInt16BE(topicBytes, at);
    at = body.writeInt32BE(own.length, at + 2 + topicBytes);
    for (const { partition, fetchOffset, partitionMaxBytes } of own) {
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(unknownLeaderEpoch, at); // current_leader_epoch
      at = body.writeBigInt64BE(fetchOffset, at);
      at = body.writeBigInt64BE(noLogStartOffset, at); // log_start_offset
      at = body.writeInt32BE(partitionMaxBytes, at);
    }
  }
  at = body.writeInt32BE(0, at); // forgotten_topics_data: none, as there is no session
  body.writeInt16BE(0, at); // rack_id: none
  return body;
}

interface FetchResponse {
  partitions: FetchResponsePartition[];
  /**
   * The field throttle_time_ms. kafkajs's connection reads it under this name and pauses for this time
   * (KIP-219).
   */
  clientSideThrottleTime: number;
}

/*
 * Fetch Response (Version: 11) => throttle_time_ms error_code session_id [responses]
 *   throttle_time_ms => INT32
 *   error_code => INT16
 *   session_id => INT32
 *   responses => topic [partitions]
 *     topic => STRING
 *     partitions => partition_index error_code high_watermark last_stable_offset log_start_offset [aborted_transactions]
 *         preferred_read_replica records
 *       partition_index => INT32
 *       error_code => INT16
 *       high_watermark => INT64
 *       last_stable_offset => INT64
 *       log_start_offset => INT64
 *       aborted_transactions => producer_id first_offset
 *         producer_id => INT64
 *         first_offset => INT64
 *       preferred_read_replica => INT32
 *       records => RECORDS
 */
const errorCodeAt = 4;
const highWatermarkAt = errorCodeAt + 2;
const abortedTransactionsAt = highWatermarkAt + 8 + 8 + 8;
const abortedTransactionBytes = 8 + 8;

function decodeResponse(raw: Buffer): FetchResponse {
  const partitions: FetchResponsePartition[] = [];
  const clientSideThrottleTime = raw.readInt32BE(0);
  let at = 4 + 2 + 4; // skips error_code and session_id, which only sessions use
  let responses = raw.readInt32BE(at);
  at += 4;
  for (; responses > 0; responses--) {
    const topicBytes = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + topicBytes);
    at += 2 + topicBytes;
    let count = raw.readInt32BE(at);
    at += 4;
    for (; count > 0; count--) {
      const partition = raw.readInt32BE(at);
      const errorCode = raw.readInt16BE(at + errorCodeAt);
      const highWatermark = raw.readBigInt64BE(at + highWatermarkAt);
      const abortedCount = raw.readInt32BE(at + abortedTransactionsAt);
      at += abortedTransactionsAt + 4;
      const abortedTransactions: AbortedTransaction[] = [];
      for (let index = 0; index < abortedCount; index++, at += abortedTransactionBytes) {
        abortedTransactions.push({
          producerId: raw.readBigInt64BE(at),
          firstOffset: raw.readBigInt64BE(at + 8),
        });
      }
      at += 4; // preferred_read_replica: none without a rack
      const recordsBytes = Math.max(0, raw.readInt32BE(at));
      at += 4;
      const records = raw.subarray(at, at + recordsBytes);
      partitions.push({ topic, partition, errorCode, highWatermark, abortedTransactions, records });
      at += recordsBytes;
    }
  }
  return { partitions, clientSideThrottleTime };
}

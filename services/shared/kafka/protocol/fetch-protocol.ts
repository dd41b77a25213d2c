import type { WireRequest } from '../kafkajs/library-types.ts';
import type { AbortedTransaction } from './record-reader.ts';

/**
 * The Fetch request, version 11 (every broker since 2.3; the last one without flexible fields): written by us, because
 * kafkajs reads each record into an object of strings and folds its headers, and throws away the answers of all
 * partitions when one of them failed. https://kafka.apache.org/protocol.html#The_Messages_Fetch
 */
export const fetchApiKey = 1;
export const fetchApiVersion = 11;

export interface FetchWanted {
  /** Name on the wire. */
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly maxBytes: number;
}

export interface FetchLimits {
  /** How long the broker waits for a first record. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

export interface PartitionFetched {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches one behind the other, the last one perhaps cut off. */
  readonly bytes: Buffer;
}

const consumer = -1;
const readCommitted = 1;
const noSession = { id: 0, epoch: -1 };

/** The answer is parsed to `PartitionFetched[]`, errors included. */
export function fetchRequest(wanted: readonly FetchWanted[], limits: FetchLimits): WireRequest {
  return {
    request: {
      apiKey: fetchApiKey,
      apiVersion: fetchApiVersion,
      apiName: 'Fetch',
      encode: async () => {
        const body = encodeBody(wanted, limits);
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
  partitions: PartitionFetched[];
  /** Read by kafkajs's connection: how long the broker wants us to be quiet (KIP-219). */
  clientSideThrottleTime: number;
}

/** Partition, leader epoch, offset, start of the follower's log, bytes. */
const wantedBytes = 4 + 4 + 8 + 8 + 4;

function encodeBody(wanted: readonly FetchWanted[], { maxWaitMs, maxBytes }: FetchLimits): Buffer {
  const byTopic = Map.groupBy(wanted, ({ topic }) => topic);
  let size = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4 + 4 + 2;
  for (const [topic, own] of byTopic) size += 2 + Buffer.byteLength(topic) + 4 + own.length * wantedBytes;

  const body = Buffer.allocUnsafe(size);
  let at = body.writeInt32BE(consumer, 0);
  at = body.writeInt32BE(maxWaitMs, at);
  at = body.writeInt32BE(1, at); // the first record is enough for an answer
  at = body.writeInt32BE(maxBytes, at);
  at = body.writeInt8(readCommitted, at);
  at = body.writeInt32BE(noSession.id, at);
  at = body.writeInt32BE(noSession.epoch, at);
  at = body.writeInt32BE(byTopic.size, at);
  for (const [topic, own] of byTopic) {
    const nameLength = body.write(topic, at + 2, 'utf8');
    body.writeInt16BE(nameLength, at);
    at = body.writeInt32BE(own.length, at + 2 + nameLength);
    for (const { partition, from, maxBytes: partitionBytes } of own) {
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(-1, at); // leader epoch: not checked
      at = body.writeBigInt64BE(from, at);
      at = body.writeBigInt64BE(-1n, at); // log start offset: we are no follower
      at = body.writeInt32BE(partitionBytes, at);
    }
  }
  at = body.writeInt32BE(0, at); // nothing is forgotten, as there is no session
  body.writeInt16BE(0, at); // no rack
  return body;
}

function decodeAnswer(raw: Buffer): Answer {
  const partitions: PartitionFetched[] = [];
  const clientSideThrottleTime = raw.readInt32BE(0);
  // Error code and id of the session that there is not.
  let at = 4 + 2 + 4;
  let topics = raw.readInt32BE(at);
  at += 4;
  for (; topics > 0; topics--) {
    const nameLength = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    let count = raw.readInt32BE(at);
    at += 4;
    for (; count > 0; count--) {
      const partition = raw.readInt32BE(at);
      const errorCode = raw.readInt16BE(at + 4);
      const highWatermark = raw.readBigInt64BE(at + 6);
      // Behind it the last stable offset and the start of the log.
      const abortedCount = raw.readInt32BE(at + 30);
      at += 34;
      const aborted: AbortedTransaction[] = [];
      for (let index = 0; index < abortedCount; index++, at += 16) {
        aborted.push({ producerId: raw.readBigInt64BE(at), firstOffset: raw.readBigInt64BE(at + 8) });
      }
      // Behind the preferred replica, which without a rack there is none of.
      const length = Math.max(0, raw.readInt32BE(at + 4));
      at += 8;
      partitions.push({
        topic,
        partition,
        errorCode,
        highWatermark,
        aborted,
        bytes: raw.subarray(at, at + length),
      });
      at += length;
    }
  }
  return { partitions, clientSideThrottleTime };
}

/**
 * The Metadata request, version 12, for one topic. Every broker since 3.1 supports it. kafkajs supports only
 * version 6, which has no topic ids. https://kafka.apache.org/protocol.html#The_Messages_Metadata
 */
import type { WireRequest } from '../kafkajs/library-types.ts';

const metadataApiKey = 3;
const metadataApiVersion = 12;

export interface TopicMetadata {
  readonly clusterId: string;
  /**
   * The id that the cluster gave the topic when it was created (KIP-516), written as Kafka's tools do. A topic
   * that was deleted and recreated under the same name has another id. Null means that the topic does not
   * exist.
   */
  readonly topicId: string | null;
  /** Leader epochs by partition, without partitions that have no leader now. */
  readonly leaderEpochs: ReadonlyMap<number, number>;
}

/**
 * `name` includes the prefix. The result of the request is a `TopicMetadata`. The request rejects for every
 * error except an unknown topic.
 */
export function metadataRequest(name: string): WireRequest {
  return {
    request: {
      apiKey: metadataApiKey,
      apiVersion: metadataApiVersion,
      apiName: 'Metadata',
      encode: async () => {
        const body = encodeRequest(name);
        return { buf: body, buffer: body };
      },
    },
    response: {
      decode: async (raw) => decodeResponse(raw),
      parse: async (decoded) => toTopicMetadata(decoded as MetadataResponse, name),
    },
    logResponseError: false,
  };
}

const uuidBytes = 16;
const emptyTagBuffer = 0;
const no = 0;

/*
 * Metadata Request (Version: 12) => [topics] allow_auto_topic_creation include_topic_authorized_operations TAG_BUFFER
 *   topics => topic_id name TAG_BUFFER
 *     topic_id => UUID
 *     name => COMPACT_NULLABLE_STRING
 *   allow_auto_topic_creation => BOOLEAN
 *   include_topic_authorized_operations => BOOLEAN
 */
/** kafkajs writes the header up to the client id. The first byte here is the TAG_BUFFER of the header. */
function encodeRequest(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8');
  return Buffer.concat([
    Buffer.from([emptyTagBuffer, 1 + 1]), // one topic: compact lengths are written plus one
    Buffer.alloc(uuidBytes), // topic_id: zero, because the name identifies the topic
    unsignedVarint(bytes.length + 1),
    bytes,
    Buffer.from([emptyTagBuffer, no, no, emptyTagBuffer]),
  ]);
}

interface MetadataResponse {
  readonly clusterId: string;
  readonly errorCode: number;
  readonly topicId: string;
  readonly leaderEpochs: ReadonlyMap<number, number>;
  /** kafkajs's connection reads it under this name. */
  readonly clientSideThrottleTime: number;
}

/*
 * Metadata Response (Version: 12) => throttle_time_ms [brokers] cluster_id controller_id [topics] TAG_BUFFER
 *   throttle_time_ms => INT32
 *   brokers => node_id host port rack TAG_BUFFER
 *     node_id => INT32
 *     host => COMPACT_STRING
 *     port => INT32
 *     rack => COMPACT_NULLABLE_STRING
 *   cluster_id => COMPACT_NULLABLE_STRING
 *   controller_id => INT32
 *   topics => error_code name topic_id is_internal [partitions] topic_authorized_operations TAG_BUFFER
 *     error_code => INT16
 *     name => COMPACT_NULLABLE_STRING
 *     topic_id => UUID
 *     is_internal => BOOLEAN
 *     partitions => error_code partition_index leader_id leader_epoch [replica_nodes] [isr_nodes] [offline_replicas]
 *         TAG_BUFFER
 *       error_code => INT16
 *       partition_index => INT32
 *       leader_id => INT32
 *       leader_epoch => INT32
 *       replica_nodes, isr_nodes, offline_replicas => INT32
 *     topic_authorized_operations => INT32
 */
/** Reads the response up to the partitions of the one topic. */
function decodeResponse(raw: Buffer): MetadataResponse {
  const reader = createReader(raw);
  reader.tagBuffer(); // tags of the header
  reader.skip(4); // throttle_time_ms
  for (let brokers = reader.arrayLength(); brokers > 0; brokers--) {
    reader.skip(4); // node_id
    reader.compactString(); // host
    reader.skip(4); // port
    reader.compactString(); // rack
    reader.tagBuffer();
  }
  const clusterId = reader.compactString();
  reader.skip(4); // controller_id
  reader.arrayLength(); // the request has one topic, so the response has one
  const errorCode = reader.int16();
  reader.compactString(); // name
  const topicId = reader.uuid();
  reader.skip(1); // is_internal
  const leaderEpochs = new Map<number, number>();
  for (let partitions = reader.arrayLength(); partitions > 0; partitions--) {
    reader.skip(2); // error_code: a partition without a leader has leader_id -1 too
    const partition = reader.int32();
    const leaderId = reader.int32();
    const leaderEpoch = reader.int32();
    if (leaderId >= 0 && leaderEpoch >= 0) leaderEpochs.set(partition, leaderEpoch);
    for (let lists = 0; lists < 3; lists++) reader.skip(4 * reader.arrayLength());
    reader.tagBuffer();
  }
  return { clusterId, errorCode, topicId, leaderEpochs, clientSideThrottleTime: 0 };
}

const unknownTopicOrPartition = 3;

function toTopicMetadata(
  { clusterId, errorCode, topicId, leaderEpochs }: MetadataResponse,
  name: string,
): TopicMetadata {
  if (errorCode === unknownTopicOrPartition) return { clusterId, topicId: null, leaderEpochs };
  if (errorCode !== 0) throw new Error(`the broker returns error ${errorCode} for the topic ${name}`);
  if (/^A*$/.test(topicId)) throw new Error(`the broker gives the topic ${name} no id`);
  return { clusterId, topicId, leaderEpochs };
}

/** Reads the types of flexible versions (KIP-482) one after the other. */
function createReader(raw: Buffer) {
  let at = 0;
  const unsignedVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  /** 0 for null. */
  const compactLength = (): number => Math.max(0, unsignedVarint() - 1);
  const skip = (bytes: number): void => {
    at += bytes;
  };
  return {
    skip,
    arrayLength: compactLength,
    compactString(): string {
      const length = compactLength();
      at += length;
      return raw.toString('utf8', at - length, at);
    },
    tagBuffer() {
      for (let count = unsignedVarint(); count > 0; count--) {
        unsignedVarint();
        skip(unsignedVarint());
      }
    },
    int16() {
      at += 2;
      return raw.readInt16BE(at - 2);
    },
    int32() {
      at += 4;
      return raw.readInt32BE(at - 4);
    },
    uuid() {
      at += uuidBytes;
      return raw.toString('base64url', at - uuidBytes, at);
    },
  };
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

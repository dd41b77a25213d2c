import { appError, errorMessage } from '../../errors/index.ts';
import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker, WireRequest } from '../kafkajs/library-types.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';

/** Metadata 12, in every broker since 3.1; kafkajs ends at 6, which knows no ids. */
export const metadataApiKey = 3;
export const metadataApiVersion = 12;
const connectRetries = 5;
const idBytes = 16;
const unknownTopic = 3;

/**
 * The id that the cluster gave a topic when it was created (KIP-516), written as Kafka's tools do: a topic that was deleted and made
 * again under the same name has another one. `name` is without the prefix.
 */
export async function fetchTopicId(settings: KafkaSettings, name: string): Promise<string> {
  const ids = await askForIds(settings, [name]);
  return ids.get(name)!;
}

/**
 * As `fetchTopicId`, for several topics over one connection.
 *
 * @throws AppError KAFKA_UNAVAILABLE, also while one of the topics does not exist
 */
export async function fetchTopicIds(
  settings: KafkaSettings,
  names: readonly string[],
): Promise<Map<string, string>> {
  try {
    return await askForIds(settings, names);
  } catch (error) {
    throw appError('KAFKA_UNAVAILABLE', { reason: errorMessage(error) }, { cause: error });
  }
}

async function askForIds(settings: KafkaSettings, names: readonly string[]): Promise<Map<string, string>> {
  const cluster = createCluster(settings, { log: silentLogger(), retries: connectRetries });
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const [nodeId] = Object.keys(cluster.brokerPool.brokers);
    const broker: KafkaBroker = await cluster.findBroker({ nodeId: nodeId ?? '' });
    const ids = new Map<string, string>();
    for (const name of names) {
      const wireName = withPrefix(settings, name);
      const { topicId } = await askTopicIdentity(broker, wireName);
      if (topicId === null) throw new Error(`the broker returns error 3 for the topic ${wireName}`);
      ids.set(name, topicId);
    }
    return ids;
  } finally {
    forceCloseCluster(cluster);
  }
}

/** Which log it is: the cluster's id, and the topic's, null where there is no such topic. */
export interface TopicIdentity {
  readonly clusterId: string;
  readonly topicId: string | null;
}

/** Asks a connected broker. `wireName` is with the prefix. Throws for every error but a topic that is not there. */
export async function askTopicIdentity(broker: KafkaBroker, wireName: string): Promise<TopicIdentity> {
  return (await broker.connectionPool.send(topicIdRequest(wireName))) as TopicIdentity;
}

/** https://kafka.apache.org/protocol.html#The_Messages_Metadata; the answer is parsed to a `TopicIdentity`. */
export function topicIdRequest(wireName: string): WireRequest {
  return {
    request: {
      apiKey: metadataApiKey,
      apiVersion: metadataApiVersion,
      apiName: 'Metadata',
      encode: async () => {
        const body = encodeMetadataBody(wireName);
        return { buf: body, buffer: body };
      },
    },
    response: {
      decode: async (raw) => ({ ...decodeAnswer(raw), clientSideThrottleTime: 0 }),
      parse: async (decoded) => identityOf(decoded as TopicAnswer, wireName),
    },
    logResponseError: false,
  };
}

/** kafkajs writes the header up to the client id; the first byte here is the header's empty list of tags. */
export function encodeMetadataBody(wireName: string): Buffer {
  const name = Buffer.from(wireName, 'utf8');
  const tags = 0;
  return Buffer.concat([
    Buffer.from([tags, 2]), // one topic: lengths are written plus one
    Buffer.alloc(idBytes), // asked for by name
    varint(name.length + 1),
    name,
    // No tags of the topic, no automatic creation, no list of allowed operations, no tags.
    Buffer.from([tags, 0, 0, tags]),
  ]);
}

interface TopicAnswer {
  readonly errorCode: number;
  readonly id: string;
  readonly clusterId: string;
}

function decodeAnswer(raw: Buffer): TopicAnswer {
  const reader = createReader(raw);
  reader.tags(); // of the header
  reader.skip(4); // throttle time
  for (let brokers = reader.varint() - 1; brokers > 0; brokers--) {
    reader.skip(4);
    reader.text(); // host
    reader.skip(4);
    reader.text(); // rack
    reader.tags();
  }
  const clusterId = reader.text();
  reader.skip(4); // controller
  reader.varint(); // one topic was asked for, one is answered
  const errorCode = reader.int16();
  reader.text();
  return { errorCode, id: reader.id(), clusterId };
}

function identityOf({ errorCode, id, clusterId }: TopicAnswer, wireName: string): TopicIdentity {
  if (errorCode === unknownTopic) return { clusterId, topicId: null };
  if (errorCode !== 0) throw new Error(`the broker returns error ${errorCode} for the topic ${wireName}`);
  if (/^A*$/.test(id)) throw new Error(`the broker gives the topic ${wireName} no id`);
  return { clusterId, topicId: id };
}

export function createReader(raw: Buffer) {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skip = (bytes: number): void => {
    at += bytes;
  };
  return {
    varint,
    skip,
    /** A compact string; its length is written plus one, 0 for null. */
    text(): string {
      const length = Math.max(0, varint() - 1);
      at += length;
      return raw.toString('utf8', at - length, at);
    },
    tags() {
      for (let count = varint(); count > 0; count--) {
        varint();
        skip(varint());
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
    id: () => raw.toString('base64url', at, at + idBytes),
  };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

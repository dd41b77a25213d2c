/**
 * Which log a topic is, asked again and again: the id that the cluster gave it, and the leader epoch of each partition. A
 * partition whose epoch is still the same has lost no acknowledged record since: whoever takes over its log, with all of
 * its records or without the last, begins a new epoch (KIP-101).
 */

import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker, WireRequest } from '../kafkajs/library-types.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import { createReader, encodeMetadataBody, metadataApiKey, metadataApiVersion } from './topic-id.ts';

export interface TopicState {
  readonly topicId: string;
  /** By partition; without those that have no leader at the moment. */
  readonly leaderEpochs: ReadonlyMap<number, number>;
}

export interface TopicWatch {
  /** Asks a broker. Null where there is no such topic; rejects when nobody answers. */
  look(): Promise<TopicState | null>;
  close(): void;
}

const unknownTopic = 3;
const idBytes = 16;
const connectRetries = 1;

/** `name` is without the prefix. One connection, kept between the looks. */
export function createTopicWatch(settings: KafkaSettings, name: string): TopicWatch {
  const wireName = withPrefix(settings, name);
  let cluster: LibraryCluster | null = null;

  const connect = async (): Promise<LibraryCluster> => {
    const fresh = createCluster(settings, { log: silentLogger(), retries: connectRetries });
    cluster = fresh;
    await fresh.connect();
    await fresh.refreshMetadata();
    return fresh;
  };

  const drop = (): void => {
    if (cluster !== null) forceCloseCluster(cluster);
    cluster = null;
  };

  return {
    async look() {
      try {
        const connected = cluster ?? (await connect());
        const [nodeId = ''] = Object.keys(connected.brokerPool.brokers);
        const broker: KafkaBroker = await connected.findBroker({ nodeId });
        return (await broker.connectionPool.send(topicStateRequest(wireName))) as TopicState | null;
      } catch (error) {
        drop();
        throw error;
      }
    },
    close: drop,
  };
}

function topicStateRequest(wireName: string): WireRequest {
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
      decode: async (raw) => ({ answer: decodeTopicState(raw), clientSideThrottleTime: 0 }),
      parse: async (decoded) => stateOf((decoded as { answer: TopicAnswer }).answer, wireName),
    },
    logResponseError: false,
  };
}

interface TopicAnswer extends TopicState {
  readonly errorCode: number;
}

/** https://kafka.apache.org/protocol.html#The_Messages_Metadata, version 12, for one topic. */
export function decodeTopicState(raw: Buffer): TopicAnswer {
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
  reader.text(); // cluster id
  reader.skip(4); // controller
  reader.varint(); // one topic was asked for, one is answered
  const errorCode = reader.int16();
  reader.text();
  const topicId = reader.id();
  reader.skip(idBytes + 1); // the id, whether the topic is internal
  const leaderEpochs = new Map<number, number>();
  for (let partitions = reader.varint() - 1; partitions > 0; partitions--) {
    reader.skip(2); // error code: a partition without a leader says so by its leader's number too
    const partition = reader.int32();
    const leader = reader.int32();
    const epoch = reader.int32();
    if (leader >= 0 && epoch >= 0) leaderEpochs.set(partition, epoch);
    // Replicas, those in sync, those that are away.
    for (let lists = 0; lists < 3; lists++) reader.skip(4 * Math.max(0, reader.varint() - 1));
    reader.tags();
  }
  return { errorCode, topicId, leaderEpochs };
}

function stateOf({ errorCode, topicId, leaderEpochs }: TopicAnswer, wireName: string): TopicState | null {
  if (errorCode === unknownTopic) return null;
  if (errorCode !== 0) throw new Error(`the broker returns error ${errorCode} for the topic ${wireName}`);
  return { topicId, leaderEpochs };
}

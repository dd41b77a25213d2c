/**
 * Watches which log a topic is: its id, and the leader epoch of each partition. A partition with the same epoch as before has lost
 * no acknowledged record since. Every new leader begins a new epoch, whether it has all records or lacks the last (KIP-101).
 */

import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import { fetchTopicMetadata } from './topic-id.ts';

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
        const { topicId, leaderEpochs } = await fetchTopicMetadata(broker, wireName);
        return topicId === null ? null : { topicId, leaderEpochs };
      } catch (error) {
        drop();
        throw error;
      }
    },
    close: drop,
  };
}

/**
 * Watches the identity of a topic's log: its id, and the leader epoch of each partition. A partition with an
 * unchanged epoch has lost no acknowledged record. Every new leader starts a new epoch, whether it has all
 * records or lacks the last ones (KIP-101).
 */

import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import { fetchTopicMetadata } from './topic-id.ts';

export interface TopicState {
  readonly topicId: string;
  /** Leader epochs by partition, without partitions that have no leader now. */
  readonly leaderEpochs: ReadonlyMap<number, number>;
}

export interface TopicWatch {
  /**
   * Requests the state from a broker. Resolves to null if the topic does not exist. Rejects if no broker
   * responds.
   */
  look(): Promise<TopicState | null>;
  close(): void;
}

const connectRetries = 1;

/** `name` does not include the prefix. All calls share one connection. */
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

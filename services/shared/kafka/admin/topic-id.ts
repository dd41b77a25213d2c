/** Identifies a log by the ids that the cluster gave itself and the topic. */
import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import { metadataRequest, type TopicMetadata } from '../protocol/metadata-protocol.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import { kafkaUnavailable } from '../unavailable.ts';

const connectRetries = 5;

/** The id of one topic. `name` does not include the prefix. */
export async function fetchTopicId(settings: KafkaSettings, name: string): Promise<string> {
  const ids = await fetchIds(settings, [name]);
  return ids.get(name)!;
}

/**
 * Like `fetchTopicId`, for several topics over one connection.
 *
 * @throws AppError KAFKA_UNAVAILABLE, also while one of the topics does not exist
 */
export async function fetchTopicIds(
  settings: KafkaSettings,
  names: readonly string[],
): Promise<Map<string, string>> {
  try {
    return await fetchIds(settings, names);
  } catch (error) {
    throw kafkaUnavailable(error);
  }
}

async function fetchIds(settings: KafkaSettings, names: readonly string[]): Promise<Map<string, string>> {
  const cluster = createCluster(settings, { log: silentLogger(), retries: connectRetries });
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const [nodeId] = Object.keys(cluster.brokerPool.brokers);
    const broker: KafkaBroker = await cluster.findBroker({ nodeId: nodeId ?? '' });
    const ids = new Map<string, string>();
    for (const name of names) {
      const wireName = withPrefix(settings, name);
      const { topicId } = await fetchTopicMetadata(broker, wireName);
      if (topicId === null) throw new Error(`the broker returns error 3 for the topic ${wireName}`);
      ids.set(name, topicId);
    }
    return ids;
  } finally {
    forceCloseCluster(cluster);
  }
}

/**
 * Requests the metadata of one topic from a connected broker. `wireName` includes the prefix. Throws for every
 * error except an unknown topic.
 */
export async function fetchTopicMetadata(broker: KafkaBroker, wireName: string): Promise<TopicMetadata> {
  return (await broker.connectionPool.send(metadataRequest(wireName))) as TopicMetadata;
}

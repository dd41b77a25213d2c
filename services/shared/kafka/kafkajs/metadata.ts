import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import protocol from 'kafkajs/src/protocol/requests/index.js';
import type { KafkaBroker, PartitionMetadata } from './library-types.ts';

export interface Metadata {
  brokers: { nodeId: number; host: string; port: number }[];
  topicMetadata: { topicErrorCode: number; topic: string; partitionMetadata: PartitionMetadata[] }[];
}

/**
 * Metadata of `topics` as a connected broker tells it, errors of topics and partitions included: kafkajs's own call
 * throws on the first of them and so hides the leaders of all others (tulios/kafkajs#1622).
 */
export async function fetchMetadata(broker: KafkaBroker, topics: readonly string[]): Promise<Metadata> {
  const make = protocol.lookup(broker.versions ?? {})(apiKeys['Metadata']!, protocol.requests['Metadata']);
  const { request, response } = make({ topics: [...topics], allowAutoTopicCreation: false });
  const unjudged = { decode: response.decode, parse: async (decoded: unknown) => decoded };
  return (await broker.connectionPool.send({ request, response: unjudged })) as Metadata;
}

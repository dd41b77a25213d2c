import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import protocol from 'kafkajs/src/protocol/requests/index.js';
import type { KafkaBroker, PartitionMetadata } from './library-types.ts';

export interface Metadata {
  brokers: { nodeId: number; host: string; port: number }[];
  topicMetadata: { topicErrorCode: number; topic: string; partitionMetadata: PartitionMetadata[] }[];
}

/**
 * Metadata of `topics` from a connected broker, with the errors of topics and partitions. kafkajs's own call
 * throws at the first error, and hides the leaders of all others (tulios/kafkajs#1622).
 */
export async function fetchMetadata(broker: KafkaBroker, topics: readonly string[]): Promise<Metadata> {
  const make = protocol.lookup(broker.versions ?? {})(apiKeys['Metadata']!, protocol.requests['Metadata']);
  const { request, response } = make({ topics: [...topics], allowAutoTopicCreation: false });
  const unjudged = { decode: response.decode, parse: async (decoded: unknown) => decoded };
  return (await broker.connectionPool.send({ request, response: unjudged })) as Metadata;
}

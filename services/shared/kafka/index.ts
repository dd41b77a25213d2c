export { createAdmin, type KafkaAdmin } from './admin/admin.ts';
export { createLogProbe, type LogProbe } from './admin/log-probe.ts';
export { fetchTopicId, fetchTopicIds, fetchTopicMetadata } from './admin/topic-id.ts';
export { createTopicWatch, type TopicState, type TopicWatch } from './admin/topic-watch.ts';
export { startCommitLoop } from './consumer/commit-loop.ts';
export type {
  GroupConsumer,
  GroupHandlers,
  GroupJoin,
} from './consumer/consumer-types.ts';
export { createGroupConsumer } from './consumer/group-consumer.ts';
export { backgroundPace, createPace, deliveryPace, type FetchPace } from './consumer/pace.ts';
export { createPartitionReader } from './consumer/partition-reader.ts';
export { readCommittedRange } from './consumer/read-committed.ts';
export { firstHeaders, headerOf, headersBytes } from './fetched-record.ts';
export { calmRequestQueues } from './kafkajs/request-queue.ts';
export { shareConnectAttempts } from './kafkajs/single-flight-connect.ts';
export {
  type Accumulator,
  type BatchOptions,
  createAccumulator,
} from './producer/accumulator.ts';
export { type FencedMessage, type FencedWriter, openFencedWriter } from './producer/fenced-writer.ts';
export type { SendProof } from './producer/partition-queue.ts';
export { countHeaders, encodeHeaders, headerBlockSize, writeHeaderBlock } from './protocol/record-batch.ts';
export { readHeadersOnce } from './protocol/record-headers.ts';
export { createKafkaConfig, type KafkaConfig, type KafkaSettings } from './settings.ts';
export type {
  EncodedHeaders,
  InRecord,
  OutMessage,
  TopicPartition,
  TopicPartitionOffset,
} from './types.ts';
export { kafkaFault } from './unavailable.ts';

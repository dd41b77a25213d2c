export { createAdmin, type KafkaAdmin, type TopicDescription, type TopicSpec } from './admin/admin.ts';
export { createLogProbe, type LogIdentity, type LogProbe } from './admin/log-probe.ts';
export { fetchTopicId, fetchTopicIds, fetchTopicMetadata } from './admin/topic-id.ts';
export { createTopicWatch, type TopicState, type TopicWatch } from './admin/topic-watch.ts';
export { type CommitLoop, startCommitLoop } from './consumer/commit-loop.ts';
export type {
  GroupConsumer,
  GroupConsumerOptions,
  GroupHandlers,
  GroupJoin,
} from './consumer/consumer-types.ts';
export { createGroupConsumer } from './consumer/group-consumer.ts';
export {
  createPartitionReader,
  type PartitionReader,
  type PartitionReaderOptions,
} from './consumer/partition-reader.ts';
export { readCommittedRange } from './consumer/read-committed.ts';
export { firstHeaders, headerOf, headersBytes } from './fetched-record.ts';
export { calmRequestQueues } from './kafkajs/request-queue.ts';
export { shareConnectAttempts } from './kafkajs/single-flight-connect.ts';
export {
  type Accumulator,
  type AccumulatorOptions,
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
  OutHeaders,
  OutMessage,
  TopicPartition,
  TopicPartitionOffset,
} from './types.ts';

export {
  type Accumulator,
  type AccumulatorOptions,
  type BatchOptions,
  createAccumulator,
} from './accumulator.ts';
export { createAdmin, type KafkaAdmin, type TopicDescription, type TopicSpec } from './admin.ts';
export { type CommitLoop, startCommitLoop } from './commit-loop.ts';
export { shareConnects } from './connects.ts';
export type { GroupConsumer, GroupConsumerOptions, GroupHandlers, GroupJoin } from './consumer-types.ts';
export { type FencedMessage, type FencedWriter, openFencedWriter } from './fenced-writer.ts';
export { firstHeaders, headerOf, headersBytes } from './fetched-record.ts';
export { createGroupConsumer } from './group-consumer.ts';
export { createLogProbe, type LogIdentity, type LogProbe } from './log-probe.ts';
export type { SendProof } from './partition-queue.ts';
export { readCommittedRange } from './read-committed.ts';
export { countHeaders, encodeHeaders, headerBlockSize, writeHeaderBlock } from './record-batch.ts';
export { readHeadersOnce } from './record-headers.ts';
export { calmRequestQueues } from './request-queue.ts';
export { createKafkaConfig, type KafkaConfig, type KafkaSettings } from './settings.ts';
export { createTail, type Tail, type TailOptions } from './tail.ts';
export { askTopicIdentity, fetchTopicId, fetchTopicIds } from './topic-id.ts';
export { createTopicWatch, type TopicState, type TopicWatch } from './topic-watch.ts';
export type {
  EncodedHeaders,
  InRecord,
  OutHeaders,
  OutMessage,
  TopicPartition,
  TopicPartitionOffset,
} from './types.ts';

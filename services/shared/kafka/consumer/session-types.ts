import type { Group } from 'kafkajs/src/consumer/consumerGroup.js';
import type { FetchedBatch } from 'kafkajs/src/consumer/runner.js';
import type { RecordSet } from '../protocol/record-reader.ts';
import type { TopicPartition } from '../types.ts';
import type { FetchPace } from './pace.ts';

export interface ConsumerTuning {
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  heartbeatIntervalMs: number;
  maxWaitTimeInMs: number;
  /** Decides when the fetches from one broker begin. The reader calls it after each fetch. */
  fetchPace: () => FetchPace;
  maxBytesPerPartition: number;
  maxBytes: number;
}

export interface GroupSessionEvents {
  /** Called inside the join, before the first fetch. It may seek. */
  onJoined(generation: number, assigned: TopicPartition[]): void;
  onHeartbeat(generation: number): void;
  /** Called when membership is lost or uncertain, until the next join. */
  onRebalancing(): void;
  onFetched(durationMs: number): void;
  onBatch(batch: FetchedBatch, fetched: RecordSet): void;
  onOutOfRange(topic: string, partition: number): void;
  onCrash(error: unknown): void;
}

export interface GroupSession {
  readonly group: Group;
  start(): Promise<void>;
  /** Stops fetching, leaves the group and closes the connections. It may wait for responses. */
  stop(): Promise<void>;
  /** Ends everything at once. The group notices after its session timeout. */
  forceClose(): void;
}

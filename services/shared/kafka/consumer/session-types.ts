import type { Group } from 'kafkajs/src/consumer/consumerGroup.js';
import type { FetchedBatch } from 'kafkajs/src/consumer/runner.js';
import type { RecordSet } from '../protocol/record-reader.ts';
import type { TopicPartition } from '../types.ts';

export interface ConsumerTuning {
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  heartbeatIntervalMs: number;
  maxWaitTimeInMs: number;
  /** From the start of one fetch of a broker to the start of the next, at least. */
  fetchPaceMs: number;
  maxBytesPerPartition: number;
  maxBytes: number;
}

export interface SessionEvents {
  /** Called inside of the join, before anything is fetched: the moment to seek. */
  onJoined(generation: number, assigned: TopicPartition[]): void;
  onHeartbeat(generation: number): void;
  /** Membership is lost or in question until the next join. */
  onRebalancing(): void;
  onFetched(durationMs: number): void;
  onBatch(batch: FetchedBatch, fetched: RecordSet): void;
  onOutOfRange(topic: string, partition: number): void;
  onCrash(error: unknown): void;
}

export interface Session {
  readonly group: Group;
  start(): Promise<void>;
  /** Stops fetching, leaves the group, closes the connections. May wait for answers. */
  stop(): Promise<void>;
  /** Ends everything at once; the group notices by its session timeout. */
  forceClose(): void;
}

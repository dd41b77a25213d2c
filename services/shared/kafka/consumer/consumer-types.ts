import type { AppError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { KafkaSettings } from '../settings.ts';
import type { InRecord, TopicPartition, TopicPartitionOffset } from '../types.ts';
import type { FetchPace } from './pace.ts';

export interface GroupJoin {
  generation: number;
  assigned: TopicPartition[];
  /**
   * Partitions that are new, or that another member may have owned in between. Start from your own position or
   * the group's.
   */
  gained: TopicPartition[];
  /**
   * Partitions that are no longer assigned, or assigned again after a gap. Stop all work on them before you
   * start `gained`.
   */
  lost: TopicPartition[];
}

export interface GroupHandlers {
  /** Called before the first fetch of the new assignment: `seek`, `pause` and `resume` take effect at once. */
  onAssigned(join: GroupJoin): void;
  /**
   * Must only store the records, and must not throw. Offsets continue after the last call, except after `seek`
   * and at gaps in the log.
   */
  onRecords(topic: string, partition: number, records: InRecord[], highWatermark: bigint): void;
  /** Called when the coordinator has confirmed the generation. */
  onHeartbeat?(generation: number): void;
  /** Called when membership becomes uncertain, until the next `onAssigned`. Claim nothing meanwhile. */
  onRebalancing?(): void;
  /**
   * Called when a position is outside the log. The partition stays paused until `seek` and `resume`. Without
   * this handler the consumer crashes.
   */
  onOutOfRange?(topic: string, partition: number, position: bigint | null): void;
  /** Called when the consumer has ended and does not restart. The service should exit. */
  onCrash(error: AppError): void;
}

export interface GroupConsumerOptions {
  settings: KafkaSettings;
  groupId: string;
  topics: readonly string[];
  log: Logger;
  metrics: Metrics;
  handlers: GroupHandlers;
  sessionTimeoutMs?: number;
  rebalanceTimeoutMs?: number;
  heartbeatIntervalMs?: number;
  maxWaitTimeInMs?: number;
  /** The reader calls it after each fetch. Default: `quickPace`. */
  fetchPace?: () => FetchPace;
  maxBytesPerPartition?: number;
  maxBytes?: number;
  /** After this time without a response to a fetch, the client is rebuilt. */
  silenceMaxMs?: number;
}

export interface GroupConsumer {
  /** Resolves after the first join. Retries while Kafka is unreachable. Rejects with the error of `onCrash`. */
  start(): Promise<void>;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Moves the position of a partition to `offset`. Drops fetches in flight. */
  seek(topic: string, partition: number, offset: bigint): void;
  /**
   * Commits next offsets for the partitions of the current join. `notOwner` means that the group refused the
   * commit, or that this member does not own some of the partitions. In the second case the others are
   * committed. Rejects with KAFKA_UNAVAILABLE for other errors.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<'committed' | 'notOwner'>;
  /** The generation of the current join; null before the first join and during a rebalance. */
  generation(): number | null;
  /** The offset to fetch next, once known. */
  position(topic: string, partition: number): bigint | null;
  /**
   * Leaves the group and closes. After the deadline it closes without waiting. Concurrent calls share one
   * promise.
   */
  stop(deadlineMs: number): Promise<void>;
}

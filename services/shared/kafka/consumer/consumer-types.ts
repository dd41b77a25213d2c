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
   * Newly assigned, or another member may have owned it in between. Start from your own position or the
   * group's.
   */
  gained: TopicPartition[];
  /** No longer assigned, or assigned again after a gap. Stop all work on it. Comes before `gained`. */
  lost: TopicPartition[];
}

export interface GroupHandlers {
  /** Called before the first fetch of the new assignment: `seek`, `pause` and `resume` take effect at once. */
  onAssigned(join: GroupJoin): void;
  /**
   * Only stores the records, and must not throw. Offsets continue after the last call, except after `seek` and
   * at gaps of the log.
   */
  onRecords(topic: string, partition: number, records: InRecord[], highWatermark: bigint): void;
  /** The coordinator has confirmed the generation. */
  onHeartbeat?(generation: number): void;
  /** Membership is uncertain until the next `onAssigned`. Claim nothing. */
  onRebalancing?(): void;
  /**
   * The position is outside the log. The partition stays paused until `seek` and `resume`. Without this handler
   * the consumer crashes.
   */
  onOutOfRange?(topic: string, partition: number, position: bigint | null): void;
  /** The consumer has ended and does not restart. The service should exit. */
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
  /** Default: `quickPace`. */
  fetchPace?: FetchPace;
  maxBytesPerPartition?: number;
  maxBytes?: number;
  /** After this time without a response to a fetch, the client is rebuilt. */
  silenceMaxMs?: number;
}

export interface GroupConsumer {
  /**
   * Resolves after the first join. While Kafka is unreachable, it keeps trying. Rejects with the error of
   * `onCrash`.
   */
  start(): Promise<void>;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** The next record of the partition is the one at `offset`. Fetches in flight are dropped. */
  seek(topic: string, partition: number, offset: bigint): void;
  /**
   * Commits next offsets for the partitions held under the current join. `notOwner`: the group refused the
   * commit, or we do not hold some of the partitions. In the second case the others are committed. Other
   * errors: KAFKA_UNAVAILABLE.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<'committed' | 'notOwner'>;
  /** Generation of the current join; null before it and while the group rebalances. */
  generation(): number | null;
  /** The offset to fetch next, once known. */
  position(topic: string, partition: number): bigint | null;
  /**
   * Leaves the group and closes. After the deadline it closes without waiting. Concurrent calls share one
   * promise.
   */
  stop(deadlineMs: number): Promise<void>;
}

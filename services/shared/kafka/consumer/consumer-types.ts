import type { AppError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { KafkaSettings } from '../settings.ts';
import type { InRecord, TopicPartition, TopicPartitionOffset } from '../types.ts';

export interface GroupJoin {
  generation: number;
  assigned: TopicPartition[];
  /** Assigned now and not before, or perhaps somebody else's in between: begin anew, from a position of your own or the group's. */
  gained: TopicPartition[];
  /** No longer assigned, or assigned again after a gap: what was begun must end. Comes before `gained`. */
  lost: TopicPartition[];
}

export interface GroupHandlers {
  /** Before anything is fetched under the new assignment: `seek`, `pause` and `resume` take effect at once. */
  onAssigned(join: GroupJoin): void;
  /** Only takes the records in; offsets are contiguous with the last call for the partition, save after `seek` and for gaps of the log itself. Must not throw. */
  onRecords(topic: string, partition: number, records: InRecord[], highWatermark: bigint): void;
  /** The coordinator has confirmed the generation. */
  onHeartbeat?(generation: number): void;
  /** Membership is in question until the next `onAssigned`: claim nothing. */
  onRebalancing?(): void;
  /** The position is outside of the log. The partition is paused and stays so until `seek` and `resume`. Without this handler it is a crash. */
  onOutOfRange?(topic: string, partition: number, position: bigint | null): void;
  /** The consumer has ended and will not start again by itself: the service should exit. */
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
  fetchPaceMs?: number;
  maxBytesPerPartition?: number;
  maxBytes?: number;
  /** No answer to a fetch for this long: the client is built anew. */
  silenceMaxMs?: number;
}

export interface GroupConsumer {
  /** Resolves after the first join; while Kafka is away it goes on trying. Rejects like `onCrash`. */
  start(): Promise<void>;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** The next record of the partition will be the one at `offset`; fetches already under way are dropped. */
  seek(topic: string, partition: number, offset: bigint): void;
  /**
   * Commits next offsets for the partitions held under the current join. `notOwner`: the group refused, or some of them
   * are not held; those that are held have been committed unless the group refused. Other trouble: KAFKA_UNAVAILABLE.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<'committed' | 'notOwner'>;
  /** Generation of the current join; null before it and while the group rebalances. */
  generation(): number | null;
  /** The offset that is fetched next, once known. */
  position(topic: string, partition: number): bigint | null;
  /** Leaves the group and closes; past the deadline without waiting. Calls share one promise. */
  stop(deadlineMs: number): Promise<void>;
}

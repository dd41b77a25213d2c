import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { Backoff } from '../../retry/index.ts';
import type { ThrottledLog } from '../kafkajs/throttled-log.ts';
import type { Leaders } from './leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** The limits of producing. Each one has a default. */
export interface ProduceLimits {
  /**
   * How long the first message of an idle leader waits for more. Messages behind a request wait no longer than
   * that request.
   */
  lingerMs: number;
  requestRecordsMax: number;
  /** Per partition and request. Brokers always refuse a record batch above max.message.bytes. */
  partitionBytesMax: number;
  requestBytesMax: number;
  requestTimeoutMs: number;
  /** Above this, `send` rejects at once with NOT_PRODUCED. */
  queueBytesMax: number;
  /** From `send` until it succeeds or fails. */
  deadlineMs: number;
  /** One request in flight per leader (default), or one round over all leaders at a time. */
  inFlight: 'perLeader' | 'one';
  /** Maximum delay before a partition is retried or leaders are looked up again. */
  retryMaxMs: number;
}

/** The state of the produce loop. Only the functions of the loop and `settle` change it. */
export interface LoopState {
  readonly queues: PartitionQueue[];
  readonly leaders: Leaders;
  readonly log: Logger;
  readonly throttledLog: ThrottledLog;
  readonly metrics: Metrics;
  readonly limits: ProduceLimits;
  readonly resendDelay: Backoff;
  /** Leaders with a request in flight. */
  readonly busy: Set<number>;
  /** Where the next request starts to collect, so that no partition is always the last. */
  nextQueue: number;
  tickArmed: boolean;
  timer: NodeJS.Timeout | null;
  timerAtMs: number;
  staleLeaders: boolean;
  refreshing: boolean;
  refreshFailures: number;
  refreshNotBeforeMs: number;
  /** Topics to look up in addition to those of the queues. */
  readonly topics: Set<string>;
  connected: boolean;
  stopped: boolean;
  flushWaiters: (() => boolean)[];
}

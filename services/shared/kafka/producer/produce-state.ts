import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { Backoff } from '../../retry/index.ts';
import type { ThrottledLog } from '../kafkajs/throttled-log.ts';
import type { Leaders } from './leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** The limits of producing. Each one has a default. */
export interface ProduceLimits {
  /**
   * How long the first message of an idle leader waits for more. Messages that wait for a request in flight
   * wait no longer than that request.
   */
  lingerMs: number;
  requestRecordsMax: number;
  /** The limit per partition and request. Brokers always refuse a record batch above max.message.bytes. */
  partitionBytesMax: number;
  requestBytesMax: number;
  requestTimeoutMs: number;
  /** Above this size, `send` rejects at once with NOT_PRODUCED. */
  queueBytesMax: number;
  /** The maximum time from `send` until it succeeds or fails. */
  deadlineMs: number;
  /** One request in flight per leader (the default), or only one request over all leaders. */
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
  /** The queue at which the next request starts to collect, so that no partition is always the last. */
  nextQueue: number;
  tickArmed: boolean;
  timer: NodeJS.Timeout | null;
  timerAtMs: number;
  staleLeaders: boolean;
  refreshing: boolean;
  refreshFailures: number;
  refreshNotBeforeMs: number;
  /** Topics to look up in addition to the topics of the queues. */
  readonly topics: Set<string>;
  connected: boolean;
  stopped: boolean;
  flushWaiters: (() => boolean)[];
}

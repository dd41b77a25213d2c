import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { Backoff } from '../../retry/index.ts';
import type { ThrottledLog } from '../kafkajs/throttled-log.ts';
import type { Leaders } from './leaders.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** The bounds of producing; every one has a default. */
export interface ProduceLimits {
  /** How long the first message of an idle leader waits for more; messages that wait behind a request wait no longer than it. */
  lingerMs: number;
  requestRecordsMax: number;
  /** Of one partition in one request: above the broker's max.message.bytes a record batch is refused for ever. */
  partitionBytesMax: number;
  requestBytesMax: number;
  requestTimeoutMs: number;
  /** Above this, `send` is refused at once with NOT_PRODUCED. */
  queueBytesMax: number;
  /** From `send` to its end, whatever it is. */
  deadlineMs: number;
  /** One request in flight per leader (default), or one round over all leaders at a time. */
  inFlight: 'perLeader' | 'one';
  /** The longest wait before a partition is tried again or leaders are looked up again. */
  retryMaxMs: number;
}

/** What the produce loop knows; only its own functions and `settle` change it. */
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
  /** Where the next request begins to collect, so that no partition is always the last. */
  nextQueue: number;
  tickArmed: boolean;
  timer: NodeJS.Timeout | null;
  timerAtMs: number;
  staleLeaders: boolean;
  refreshing: boolean;
  refreshFailures: number;
  refreshNotBeforeMs: number;
  /** Asked for beside those of the queues. */
  readonly topics: Set<string>;
  connected: boolean;
  stopped: boolean;
  flushWaiters: (() => boolean)[];
}

import { performance } from 'node:perf_hooks';
import type { Logger } from '../../log/index.ts';
import type { TopicPartition } from '../types.ts';
import type { GroupConsumerOptions } from './consumer-types.ts';
import { quickPace } from './pace.ts';
import type { Positions } from './positions.ts';
import type { ConsumerTuning, GroupSession } from './session-types.ts';

/** new → running ⇄ restarting → stopping → stopped. A crash leads to stopped from any phase. */
type Phase = 'new' | 'running' | 'restarting' | 'stopping' | 'stopped';

export interface ConsumerState {
  readonly options: GroupConsumerOptions;
  readonly tuning: ConsumerTuning & { silenceMaxMs: number };
  readonly log: Logger;
  readonly positions: Positions;
  readonly started: PromiseWithResolvers<void>;
  phase: Phase;
  session: GroupSession | null;
  assigned: TopicPartition[];
  /** Paused partitions of the assignment, by `partitionKey`. A rebuilt client does not have them. */
  readonly paused: Set<string>;
  /** The generation of the last completed join. It is also set during a rebalance. */
  joinedGeneration: number | null;
  joining: boolean;
  /** Since when `joining` is true. */
  joiningSinceMs: number;
  /** The member id, which restarts do not change. */
  memberId: string | null;
  restarts: number;
  sessionSinceMs: number;
  lastSignMs: number;
  restartTimer: NodeJS.Timeout | null;
  watchdog: NodeJS.Timeout | null;
  stopping: Promise<void> | null;
  /** Ends the consumer permanently. */
  fail(reason: string, cause: unknown): void;
}

const defaults = {
  // Another worker replaces a killed one within twice this time. A false alarm does no harm, because the
  // database fences writers.
  sessionTimeoutMs: 7_000,
  rebalanceTimeoutMs: 30_000,
  heartbeatIntervalMs: 1_000,
  // This is also the heartbeat interval, and the maximum delay of a resume.
  maxWaitTimeInMs: 250,
  fetchPace: () => quickPace,
  maxBytesPerPartition: 384 * 1024,
  maxBytes: 8 * 1024 * 1024,
  silenceMaxMs: 30_000,
};

export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** Membership is uncertain until the next join. */
export function beginJoining(state: ConsumerState): void {
  if (!state.joining) state.joiningSinceMs = performance.now();
  state.joining = true;
}

export function tuningOf(options: GroupConsumerOptions): ConsumerState['tuning'] {
  const names = Object.keys(defaults) as (keyof typeof defaults)[];
  const given = names.filter((name) => options[name] !== undefined);
  return { ...defaults, ...Object.fromEntries(given.map((name) => [name, options[name]])) };
}

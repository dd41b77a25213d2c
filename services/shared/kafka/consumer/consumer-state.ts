import { performance } from 'node:perf_hooks';
import type { Logger } from '../../log/index.ts';
import type { TopicPartition } from '../types.ts';
import type { GroupConsumerOptions } from './consumer-types.ts';
import { quickPace } from './pace.ts';
import type { Positions } from './positions.ts';
import type { ConsumerTuning, GroupSession } from './session-types.ts';

/** new → running ⇄ restarting → stopping → stopped; a crash leads to stopped from any phase. */
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
  /** Paused partitions of the assignment, named by `partitionKey`. A rebuilt client does not remember them. */
  readonly paused: Set<string>;
  /** Of the last completed join; also set while rebalancing. */
  joinedGeneration: number | null;
  joining: boolean;
  /** Since when `joining` is true. */
  joiningSinceMs: number;
  /** Kept over restarts. */
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
  // A killed worker is replaced within twice this time. A false alarm does no harm, because the database
  // fences.
  sessionTimeoutMs: 7_000,
  rebalanceTimeoutMs: 30_000,
  heartbeatIntervalMs: 1_000,
  // Also the heartbeat interval, and the maximum delay of a resume.
  maxWaitTimeInMs: 250,
  fetchPace: quickPace,
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

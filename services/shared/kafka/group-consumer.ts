import { performance } from 'node:perf_hooks';
import type { FetchedBatch } from 'kafkajs/src/consumer/runner.js';
import { appError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { alarmOnNegativeOffsets, commitOffsets } from './consumer-offsets.ts';
import { type ConsumerTuning, createSession, type Session, type SessionEvents } from './consumer-session.ts';
import type { GroupConsumer, GroupConsumerOptions } from './consumer-types.ts';
import { hasName, mayPassAfterRestart } from './kafka-errors.ts';
import { createPositions, diffAssignment, type Positions } from './positions.ts';
import { toRecord } from './records.ts';
import { withoutPrefix, withPrefix } from './settings.ts';
import type { TopicPartition, TopicPartitionOffset } from './types.ts';

const defaults = {
  // A killed worker is replaced within twice this; a false alarm does no harm, as the database fences.
  sessionTimeoutMs: 7_000,
  rebalanceTimeoutMs: 30_000,
  heartbeatIntervalMs: 1_000,
  // Also the pace of heartbeats, and how late a resume is noticed.
  maxWaitTimeInMs: 250,
  maxBytesPerPartition: 384 * 1024,
  maxBytes: 8 * 1024 * 1024,
  silenceMaxMs: 30_000,
};

/** Restarts in a row before the process is given up; a session that lived `healthyAfterMs` clears the count. */
const restartsMax = 20;
const healthyAfterMs = 60_000;
const restartDelayMs = { initial: 200, max: 5_000 };
const watchdogIntervalMs = 1_000;
/** A client that is replaced gets this long to leave the group. */
const replacedStopMs = 2_000;

/** new → running ⇄ restarting → stopping → stopped; a crash goes to stopped from anywhere. */
type Phase = 'new' | 'running' | 'restarting' | 'stopping' | 'stopped';

interface State {
  readonly options: GroupConsumerOptions;
  readonly tuning: ConsumerTuning & { silenceMaxMs: number };
  readonly log: Logger;
  readonly positions: Positions;
  readonly started: PromiseWithResolvers<void>;
  phase: Phase;
  session: Session | null;
  assigned: TopicPartition[];
  /** Of the last finished join, also while rebalancing. */
  joinedGeneration: number | null;
  joining: boolean;
  restarts: number;
  sessionSinceMs: number;
  lastSignMs: number;
  restartTimer: NodeJS.Timeout | null;
  watchdog: NodeJS.Timeout | null;
  stopping: Promise<void> | null;
}

/**
 * A member of a consumer group that only hands records on: no handler is waited for, no offset is committed by itself,
 * and a position never jumps. Kept partitions go on where they were through a rebalance; of lost ones nothing comes
 * after `onAssigned`. One kafkajs cluster object of its own; it is built anew, a bounded number of times, when it crashes or falls silent.
 */
export function createGroupConsumer(options: GroupConsumerOptions): GroupConsumer {
  const { settings } = options;
  const state: State = {
    options,
    tuning: { ...defaults, ...definedOf(options) },
    log: options.log.child({ group: options.groupId }),
    positions: createPositions(),
    started: Promise.withResolvers<void>(),
    phase: 'new',
    session: null,
    assigned: [],
    joinedGeneration: null,
    joining: true,
    restarts: 0,
    sessionSinceMs: 0,
    lastSignMs: 0,
    restartTimer: null,
    watchdog: null,
    stopping: null,
  };
  const wire = (topic: string) => withPrefix(settings, topic);
  return {
    start: () => start(state),
    pause: (topic, partition) =>
      state.session?.group.pause([{ topic: wire(topic), partitions: [partition] }]),
    resume: (topic, partition) =>
      state.session?.group.resume([{ topic: wire(topic), partitions: [partition] }]),
    seek(topic, partition, offset) {
      state.positions.set(wire(topic), partition, offset);
      state.session?.group.seek({ topic: wire(topic), partition, offset: String(offset) });
    },
    commit: (offsets) => commit(state, offsets),
    generation: () => (state.joining ? null : state.joinedGeneration),
    position: (topic, partition) => state.positions.get(wire(topic), partition),
    stop: (deadlineMs) => {
      state.stopping ??= stop(state, deadlineMs);
      return state.stopping;
    },
  };
}

function start(state: State): Promise<void> {
  if (state.phase === 'new') {
    state.watchdog = setInterval(() => watch(state), watchdogIntervalMs);
    open(state);
  }
  return state.started.promise;
}

function open(state: State): void {
  const { settings, groupId, topics } = state.options;
  state.phase = 'running';
  state.joining = true;
  state.sessionSinceMs = performance.now();
  state.lastSignMs = state.sessionSinceMs;
  const session: Session = createSession({
    settings,
    groupId: withPrefix(settings, groupId),
    topics: topics.map((topic) => withPrefix(settings, topic)),
    tuning: state.tuning,
    log: state.log,
    claim: () => ({ owned: state.assigned, generation: state.joinedGeneration ?? -1 }),
    events: eventsOf(state, () => state.session === session),
  });
  state.session = session;
  session.start().catch((error: unknown) => {
    if (state.session === session) crashed(state, error);
  });
}

/** What a session says counts only while it is the current one. */
function eventsOf(state: State, isCurrent: () => boolean): SessionEvents {
  const { metrics, groupId: group } = state.options;
  return {
    onJoined: (generation, assigned) => isCurrent() && joined(state, generation, assigned),
    onHeartbeat(generation) {
      state.lastSignMs = performance.now();
      if (isCurrent() && !state.joining) state.options.handlers.onHeartbeat?.(generation);
    },
    onRebalancing() {
      if (!isCurrent() || state.joining) return;
      state.joining = true;
      state.options.handlers.onRebalancing?.();
    },
    onFetched(durationMs) {
      state.lastSignMs = performance.now();
      metrics.observe('kafka_consumer_fetch_seconds', durationMs / 1000, { group });
    },
    onBatch: (batch) => isCurrent() && deliver(state, batch),
    onOutOfRange: (topic, partition) => isCurrent() && outOfRange(state, topic, partition),
    onCrash: (error) => isCurrent() && crashed(state, error),
  };
}

function joined(state: State, generation: number, assigned: TopicPartition[]): void {
  const { group } = state.session!;
  const { metrics, groupId, handlers } = state.options;
  const { kept, gained, lost } = diffAssignment(
    { generation: state.joinedGeneration, partitions: state.assigned },
    { generation, partitions: assigned },
  );
  state.joinedGeneration = generation;
  state.assigned = assigned;
  state.joining = false;
  state.lastSignMs = performance.now();
  // Seeks and pauses of kafkajs outlive an assignment; a partition that comes back later must not inherit them.
  group.seekOffset.clear();
  for (const { topic, partition } of lost) state.positions.forget(topic, partition);
  for (const { topic, partition } of gained) group.resume([{ topic, partitions: [partition] }]);
  for (const { topic, partition } of kept) {
    const position = state.positions.get(topic, partition);
    if (position !== null) group.seek({ topic, partition, offset: String(position) });
  }
  metrics.inc('kafka_consumer_joins_total', { group: groupId });
  metrics.set('kafka_consumer_partitions', assigned.length, { group: groupId });
  state.log.info(
    { generation, assigned: assigned.length, gained: gained.length, lost: lost.length },
    'joined the consumer group',
  );
  const ours = (list: TopicPartition[]) => list.map((each) => unwired(state, each));
  guarded(state, () => {
    handlers.onAssigned({ generation, assigned: ours(assigned), gained: ours(gained), lost: ours(lost) });
  });
  void alarmOnNegativeOffsets(group, withPrefix(state.options.settings, groupId), assigned, {
    log: state.log,
    onAlarm: () => metrics.inc('kafka_consumer_bad_offsets_total', { group: groupId, kind: 'negative' }),
  });
  state.started.resolve();
}

function deliver(state: State, batch: FetchedBatch): void {
  const { group } = state.session!;
  const { topic, partition } = batch;
  const { groupId, metrics, handlers } = state.options;
  const isAssigned = state.assigned.some((each) => each.topic === topic && each.partition === partition);
  const fetchedFrom = BigInt(batch.fetchedOffset);
  const expected = state.positions.get(topic, partition) ?? fetchedFrom;
  if (!isAssigned || fetchedFrom !== expected) {
    // Asked for before a seek or a join: its records are not next. Seeking again makes sure that those that are will come.
    metrics.inc('kafka_consumer_dropped_batches_total', { group: groupId });
    if (isAssigned) group.seek({ topic, partition, offset: String(expected) });
    return;
  }
  if (batch.isEmpty() && batch.rawMessages.length === 0) return;
  const last = batch.lastOffset();
  state.positions.set(topic, partition, BigInt(last) + 1n);
  group.resolveOffset({ topic, partition, offset: last });
  if (batch.isEmpty()) return;
  const name = withoutPrefix(state.options.settings, topic);
  const records = batch.messages.map((message) => toRecord(name, partition, message));
  guarded(state, () => handlers.onRecords(name, partition, records, BigInt(batch.highWatermark)));
}

function outOfRange(state: State, topic: string, partition: number): void {
  const { metrics, groupId, handlers } = state.options;
  const position = state.positions.get(topic, partition);
  metrics.inc('kafka_consumer_bad_offsets_total', { group: groupId, kind: 'outOfRange' });
  state.log.error(
    { topic, partition, position: String(position) },
    'position is outside of the log; partition is paused',
  );
  if (handlers.onOutOfRange === undefined) {
    end(state, `position ${position} of ${topic}-${partition} is outside of the log`, undefined);
    return;
  }
  const name = withoutPrefix(state.options.settings, topic);
  guarded(state, () => handlers.onOutOfRange?.(name, partition, position));
}

/** A handler that throws has broken its promise, and going on would skip what it was given. */
function guarded(state: State, call: () => void): void {
  try {
    call();
  } catch (error) {
    end(state, `a handler threw: ${errorMessage(error)}`, error);
  }
}

function crashed(state: State, error: unknown): void {
  if (state.phase === 'stopping' || state.phase === 'stopped') return;
  if (mayPassAfterRestart(error)) restart(state, 'crash', error);
  else if (hasName(error, 'KafkaJSNotImplemented')) {
    end(state, `records are compressed in a way that is not built in (${errorMessage(error)})`, error);
  } else end(state, errorMessage(error), error);
}

function restart(state: State, reason: 'crash' | 'silence', error: unknown): void {
  const { session, options } = state;
  if (performance.now() - state.sessionSinceMs > healthyAfterMs) state.restarts = 0;
  state.restarts++;
  if (state.restarts > restartsMax) {
    end(state, `${restartsMax} restarts in a row did not help: ${errorMessage(error)}`, error);
    return;
  }
  const delayMs = Math.min(restartDelayMs.max, restartDelayMs.initial * 2 ** (state.restarts - 1));
  options.metrics.inc('kafka_consumer_restarts_total', { group: options.groupId, reason });
  state.log.warn(
    { reason, detail: errorMessage(error), restarts: state.restarts, delayMs },
    'consumer is built anew',
  );
  state.phase = 'restarting';
  state.session = null;
  if (!state.joining) options.handlers.onRebalancing?.();
  state.joining = true;
  if (session !== null) void closeWithin(session, replacedStopMs);
  state.restartTimer = setTimeout(() => open(state), delayMs);
}

function end(state: State, reason: string, cause: unknown): void {
  if (state.phase === 'stopping' || state.phase === 'stopped') return;
  const error = appError('CONSUMER_CRASHED', { groupId: state.options.groupId, reason }, { cause });
  state.log.error({ err: error }, 'consumer has crashed');
  const { session } = state;
  shut(state);
  if (session !== null) void closeWithin(session, replacedStopMs);
  state.started.promise.catch(() => undefined);
  state.started.reject(error);
  state.options.handlers.onCrash(error);
}

function watch(state: State): void {
  if (state.phase !== 'running') return;
  const allowedMs = state.tuning.silenceMaxMs + (state.joining ? state.tuning.rebalanceTimeoutMs : 0);
  const silentMs = performance.now() - state.lastSignMs;
  if (silentMs > allowedMs) restart(state, 'silence', new Error(`no answer for ${Math.round(silentMs)} ms`));
}

async function commit(
  state: State,
  offsets: readonly TopicPartitionOffset[],
): Promise<'committed' | 'notOwner'> {
  const { settings, metrics, groupId: group } = state.options;
  const wired = offsets.map(({ topic, partition, offset }) => ({
    topic: withPrefix(settings, topic),
    partition,
    offset,
  }));
  const held = wired.filter((each) =>
    state.assigned.some(({ topic, partition }) => topic === each.topic && partition === each.partition),
  );
  try {
    const outcome =
      state.session === null || state.joining ? 'notOwner' : await commitOffsets(state.session.group, held);
    const result = held.length < wired.length ? 'notOwner' : outcome;
    metrics.inc('kafka_consumer_commits_total', { group, result });
    return result;
  } catch (error) {
    metrics.inc('kafka_consumer_commits_total', { group, result: 'failed' });
    throw error;
  }
}

async function stop(state: State, deadlineMs: number): Promise<void> {
  const { session, phase } = state;
  if (phase === 'stopped') return;
  shut(state);
  if (session !== null) await closeWithin(session, deadlineMs);
  state.started.promise.catch(() => undefined);
  state.started.reject(appError('ABORTED'));
}

function shut(state: State): void {
  state.phase = 'stopped';
  state.session = null;
  state.joining = true;
  if (state.watchdog !== null) clearInterval(state.watchdog);
  if (state.restartTimer !== null) clearTimeout(state.restartTimer);
}

async function closeWithin(session: Session, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  // A client that cannot say good-bye is closed all the same; the group notices by its session timeout.
  await Promise.race([session.stop().catch(() => undefined), late]);
  clearTimeout(timer);
  session.abandon();
}

function unwired(state: State, { topic, partition }: TopicPartition): TopicPartition {
  return { topic: withoutPrefix(state.options.settings, topic), partition };
}

function definedOf(options: GroupConsumerOptions): Partial<State['tuning']> {
  const names = Object.keys(defaults) as (keyof typeof defaults)[];
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

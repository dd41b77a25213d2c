import { performance } from 'node:perf_hooks';
import { appError, errorMessage } from '../../errors/index.ts';
import { hasName, mayPassAfterRestart } from '../kafkajs/kafka-errors.ts';
import { withPrefix } from '../settings.ts';
import type { TopicPartitionOffset } from '../types.ts';
import { deliver, joined, outOfRange } from './consumer-delivery.ts';
import { commitOffsets } from './consumer-offsets.ts';
import { createGroupSession } from './consumer-session.ts';
import { beginJoining, type ConsumerState, partitionKey, tuningOf } from './consumer-state.ts';
import type { GroupConsumer, GroupConsumerOptions } from './consumer-types.ts';
import { createPositions } from './positions.ts';
import type { GroupSession, GroupSessionEvents } from './session-types.ts';

/**
 * Maximum number of restarts in a row before the consumer fails. A session that lasted `healthyAfterMs` resets the
 * count.
 */
const restartsMax = 20;
const healthyAfterMs = 60_000;
const restartDelayMs = { initial: 200, max: 5_000 };
const watchdogIntervalMs = 1_000;
/** The maximum time for a crashed client to leave the group. */
const crashedStopMs = 2_000;

const counters = [
  'kafka_consumer_joins_total',
  'kafka_consumer_restarts_total',
  'kafka_consumer_commits_total',
  'kafka_consumer_dropped_batches_total',
  'kafka_consumer_bad_offsets_total',
] as const;

/**
 * A member of a consumer group that only passes records on. It waits for no handler, commits no offset by
 * itself, and never skips a position. Partitions that it keeps continue during a rebalance. Lost partitions
 * deliver nothing after `onAssigned`.
 *
 * It has its own kafkajs cluster object. After a crash or silence it creates a new one, a limited number of
 * times.
 */
export function createGroupConsumer(options: GroupConsumerOptions): GroupConsumer {
  const { settings, metrics, groupId: group } = options;
  for (const name of counters) metrics.zero(name, { group });
  const state: ConsumerState = {
    options,
    tuning: tuningOf(options),
    log: options.log.child({ group: options.groupId }),
    positions: createPositions(),
    started: Promise.withResolvers<void>(),
    phase: 'new',
    session: null,
    assigned: [],
    paused: new Set(),
    joinedGeneration: null,
    joining: true,
    joiningSinceMs: 0,
    memberId: null,
    restarts: 0,
    sessionSinceMs: 0,
    lastSignMs: 0,
    restartTimer: null,
    watchdog: null,
    stopping: null,
    fail: (reason, cause) => end(state, reason, cause),
  };
  const wire = (topic: string) => withPrefix(settings, topic);
  return {
    start: () => start(state),
    pause(topic, partition) {
      state.paused.add(partitionKey(wire(topic), partition));
      state.session?.group.pause([{ topic: wire(topic), partitions: [partition] }]);
    },
    resume(topic, partition) {
      state.paused.delete(partitionKey(wire(topic), partition));
      state.session?.group.resume([{ topic: wire(topic), partitions: [partition] }]);
    },
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

function start(state: ConsumerState): Promise<void> {
  if (state.phase === 'new') {
    state.watchdog = setInterval(() => watch(state), watchdogIntervalMs);
    open(state);
  }
  return state.started.promise;
}

function open(state: ConsumerState): void {
  const { settings, groupId, topics } = state.options;
  state.phase = 'running';
  state.joining = true;
  state.sessionSinceMs = performance.now();
  state.joiningSinceMs = state.sessionSinceMs;
  state.lastSignMs = state.sessionSinceMs;
  const session: GroupSession = createGroupSession({
    settings,
    groupId: withPrefix(settings, groupId),
    topics: topics.map((topic) => withPrefix(settings, topic)),
    tuning: state.tuning,
    log: state.log,
    memberId: state.memberId,
    ownership: () => ({ owned: state.assigned, generation: state.joinedGeneration ?? -1 }),
    events: eventsOf(state, () => state.session === session),
  });
  state.session = session;
  session.start().catch((error: unknown) => {
    if (state.session === session) crashed(state, error);
  });
}

/** Events of a session count only while it is the current one. */
function eventsOf(state: ConsumerState, isCurrent: () => boolean): GroupSessionEvents {
  const { metrics, groupId: group } = state.options;
  return {
    onJoined: (generation, assigned) => isCurrent() && joined(state, generation, assigned),
    onHeartbeat(generation) {
      state.lastSignMs = performance.now();
      if (isCurrent() && !state.joining) state.options.handlers.onHeartbeat?.(generation);
    },
    onRebalancing() {
      if (!isCurrent() || state.joining) return;
      beginJoining(state);
      state.options.handlers.onRebalancing?.();
    },
    onFetched(durationMs) {
      // A member that rejoins may still fetch. A fetch does not prove that the group responds.
      if (!state.joining) state.lastSignMs = performance.now();
      metrics.observe('kafka_consumer_fetch_seconds', durationMs / 1000, { group });
    },
    onBatch: (batch, fetched) => isCurrent() && deliver(state, batch, fetched),
    onOutOfRange: (topic, partition) => isCurrent() && outOfRange(state, topic, partition),
    onCrash: (error) => isCurrent() && crashed(state, error),
  };
}

function crashed(state: ConsumerState, error: unknown): void {
  if (state.phase === 'stopping' || state.phase === 'stopped') return;
  if (mayPassAfterRestart(error)) restart(state, 'crash', error);
  else if (hasName(error, 'KafkaJSNotImplemented')) {
    end(state, `records are compressed in a way that is not built in (${errorMessage(error)})`, error);
  } else end(state, errorMessage(error), error);
}

function restart(state: ConsumerState, reason: 'crash' | 'silence' | 'notJoined', error: unknown): void {
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
    'the consumer restarts',
  );
  state.phase = 'restarting';
  state.session = null;
  if (!state.joining) options.handlers.onRebalancing?.();
  state.joining = true;
  // The session does not leave the group. The next session joins as the same member, so the group does not
  // wait.
  session?.forceClose();
  state.restartTimer = setTimeout(() => open(state), delayMs);
}

function end(state: ConsumerState, reason: string, cause: unknown): void {
  if (state.phase === 'stopping' || state.phase === 'stopped') return;
  const error = appError('CONSUMER_CRASHED', { groupId: state.options.groupId, reason }, { cause });
  state.log.error({ err: error }, 'the consumer failed and does not restart');
  const { session } = state;
  shut(state);
  if (session !== null) void closeWithin(session, crashedStopMs);
  state.started.promise.catch(() => undefined);
  state.started.reject(error);
  state.options.handlers.onCrash(error);
}

function watch(state: ConsumerState): void {
  if (state.phase !== 'running') return;
  const allowedMs = state.tuning.silenceMaxMs + (state.joining ? state.tuning.rebalanceTimeoutMs : 0);
  const silentMs = performance.now() - state.lastSignMs;
  if (silentMs > allowedMs) restart(state, 'silence', new Error(`no answer for ${Math.round(silentMs)} ms`));
  else if (state.joining) restartUnjoined(state, allowedMs);
}

/** Restarts a member whose join takes too long, even if responses arrive. */
function restartUnjoined(state: ConsumerState, allowedMs: number): void {
  const joiningMs = performance.now() - state.joiningSinceMs;
  if (joiningMs > allowedMs)
    restart(state, 'notJoined', new Error(`no join within ${Math.round(joiningMs)} ms`));
}

async function commit(
  state: ConsumerState,
  offsets: readonly TopicPartitionOffset[],
): Promise<'committed' | 'notOwner'> {
  const { settings, metrics, groupId: group } = state.options;
  const wired = offsets.map((each) => ({ ...each, topic: withPrefix(settings, each.topic) }));
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

async function stop(state: ConsumerState, deadlineMs: number): Promise<void> {
  const { session, phase } = state;
  if (phase === 'stopped') return;
  shut(state);
  if (session !== null) await closeWithin(session, deadlineMs);
  state.started.promise.catch(() => undefined);
  state.started.reject(appError('ABORTED'));
}

function shut(state: ConsumerState): void {
  state.phase = 'stopped';
  state.session = null;
  state.joining = true;
  if (state.watchdog !== null) clearInterval(state.watchdog);
  if (state.restartTimer !== null) clearTimeout(state.restartTimer);
}

async function closeWithin(session: GroupSession, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  // If the client cannot leave the group, it is closed anyway. The group notices after its session timeout.
  await Promise.race([session.stop().catch(() => undefined), late]);
  clearTimeout(timer);
  session.forceClose();
}

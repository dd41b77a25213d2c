import { performance } from 'node:perf_hooks';
import { errorMessage } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { backoff } from '../../retry/index.ts';
import { createThrottledLog } from '../kafkajs/throttled-log.ts';
import type { ProduceRequestPartition } from '../protocol/produce-protocol.ts';
import { encodeBatch } from '../protocol/record-batch.ts';
import type { Leaders, ProduceOutcome } from './leaders.ts';
import { countFitting, giveUp, type PartitionQueue, waitsForProof } from './partition-queue.ts';
import { settle } from './produce-settle.ts';
import type { LoopState, ProduceLimits } from './produce-state.ts';

/**
 * The loop that turns queues into requests. One function, `turn`, checks all queues and starts the requests
 * that are due. It runs when a linger, a back-off, a request or a leader lookup ends, and when a batch arrives.
 * Only `turn` starts requests, and a partition is in at most one request.
 */
export interface ProduceLoop {
  /**
   * The queues of all partitions that have had messages. The loop owns the queues. The accumulator appends to
   * them.
   */
  readonly queues: PartitionQueue[];
  /** Reports new messages. `linger` waits for more messages, `now` only for the end of the current tick. */
  wake(when: 'linger' | 'now'): void;
  flush(): Promise<void>;
  /** Looks up the leaders of these topics once. If no broker responds, the loop repeats the lookup. */
  lookUp(topics: readonly string[]): Promise<void>;
  isConnected(): boolean;
  stop(): void;
}

/** Initial delay between two lookups of leaders. The lookup after an error is immediate. */
const refreshInitialMs = 100;
const refreshDoublingsMax = 5;
/** Initial delay before a partition is retried. */
const resendInitialMs = 40;
/** The interval of log messages, because requests to an unreachable broker fail many times a second. */
const repeatEveryMs = 5_000;
/** Maximum delay until an expired deadline is noticed. */
const expiryCheckMs = 50;

export function createProduceLoop(
  leaders: Leaders,
  deps: { log: Logger; metrics: Metrics; limits: ProduceLimits },
): ProduceLoop {
  const state: LoopState = {
    queues: [],
    leaders,
    ...deps,
    throttledLog: createThrottledLog(deps.log, repeatEveryMs),
    resendDelay: backoff({ initialMs: resendInitialMs, maxMs: deps.limits.retryMaxMs }),
    busy: new Set(),
    nextQueue: 0,
    tickArmed: false,
    timer: null,
    timerAtMs: Number.POSITIVE_INFINITY,
    staleLeaders: false,
    refreshing: false,
    refreshFailures: 0,
    refreshNotBeforeMs: 0,
    topics: new Set(),
    connected: false,
    stopped: false,
    flushWaiters: [],
  };
  return {
    queues: state.queues,
    wake: (when) =>
      when === 'now' ? wakeAtEndOfTick(state) : wakeAt(state, performance.now() + state.limits.lingerMs),
    flush: () => flush(state),
    async lookUp(topics) {
      for (const topic of topics) state.topics.add(topic);
      await (refreshNow(state) ?? Promise.resolve());
    },
    isConnected: () => state.connected,
    stop() {
      state.stopped = true;
      if (state.timer !== null) clearTimeout(state.timer);
    },
  };
}

function turn(state: LoopState): void {
  if (state.stopped) return;
  const now = performance.now();
  let nextAtMs = expire(state, now);
  const { due, laterAtMs, leaderless } = collect(state, now);
  nextAtMs = Math.min(nextAtMs, laterAtMs);
  for (const [leader, queues] of due) {
    void request(state, leader, queues);
  }
  if (leaderless || state.staleLeaders) nextAtMs = Math.min(nextAtMs, refreshLeaders(state, now));
  wakeAt(state, nextAtMs);
  settleFlushes(state);
}

/** Rejects the sends past their deadline. Returns the time of the next check. */
function expire(state: LoopState, now: number): number {
  let waiting = false;
  for (const queue of state.queues) {
    if (queue.entries.length === 0) continue;
    waiting = true;
    const late = giveUp(queue, (send) => send.deadlineAtMs <= now, 'deadline passed');
    if (late > 0) state.metrics.inc('kafka_produce_given_up_total', { topic: queue.topic }, late);
  }
  return waiting ? now + expiryCheckMs : Number.POSITIVE_INFINITY;
}

/** Finds the queues to send now, by leader, and the time when the next one is due. */
function collect(
  state: LoopState,
  now: number,
): { due: Map<number, PartitionQueue[]>; laterAtMs: number; leaderless: boolean } {
  const ready = new Map<number, PartitionQueue[]>();
  let laterAtMs = Number.POSITIVE_INFINITY;
  let leaderless = false;
  for (let i = 0; i < state.queues.length; i++) {
    const queue = state.queues[(state.nextQueue + i) % state.queues.length]!;
    if (queue.entries.length === 0 || queue.inFlight > 0) continue;
    const leader = state.leaders.leaderOf(queue.wireTopic, queue.partition);
    if (leader === null) leaderless = true;
    else if (queue.notBeforeMs > now) laterAtMs = Math.min(laterAtMs, queue.notBeforeMs);
    else if (waitsForProof(queue, now, () => wakeAtEndOfTick(state))) continue;
    else if (!state.busy.has(leader) && (state.limits.inFlight === 'perLeader' || state.busy.size === 0)) {
      const others = ready.get(leader);
      if (others === undefined) ready.set(leader, [queue]);
      else others.push(queue);
    }
  }
  for (const [leader, queues] of ready) {
    const dueAtMs = whenDue(state, queues);
    if (dueAtMs <= now) continue;
    laterAtMs = Math.min(laterAtMs, dueAtMs);
    ready.delete(leader);
  }
  return { due: ready, laterAtMs, leaderless };
}

function whenDue(state: LoopState, queues: readonly PartitionQueue[]): number {
  if (state.flushWaiters.length > 0) return 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  let records = 0;
  for (const queue of queues) {
    oldestMs = Math.min(oldestMs, queue.entries[0]!.queuedAtMs);
    records += queue.entries.length;
    if (queue.urgent || queue.failures > 0 || queue.bytes >= state.limits.partitionBytesMax) return 0;
  }
  return records >= state.limits.requestRecordsMax ? 0 : oldestMs + state.limits.lingerMs;
}

async function request(state: LoopState, leader: number, queues: readonly PartitionQueue[]): Promise<void> {
  state.busy.add(leader);
  const taken = take(state, queues);
  const startedAtMs = performance.now();
  let outcome: ProduceOutcome;
  try {
    outcome = await state.leaders.produce(leader, taken.map(encode));
  } catch (error) {
    outcome = { kind: 'failed', handed: true, error };
  }
  state.busy.delete(leader);
  const seconds = (performance.now() - startedAtMs) / 1000;
  state.metrics.observe('kafka_produce_request_seconds', seconds, { result: outcome.kind });
  state.connected = outcome.kind === 'answered';
  if (outcome.kind === 'failed') {
    const details = { leader, handed: outcome.handed, reason: errorMessage(outcome.error) };
    state.throttledLog('warn', details, `a produce request to broker ${leader} failed`);
  }
  settle(state, taken, outcome);
  turn(state);
}

function take(state: LoopState, queues: readonly PartitionQueue[]): PartitionQueue[] {
  const { requestRecordsMax, requestBytesMax, partitionBytesMax } = state.limits;
  state.nextQueue++;
  let records = 0;
  let bytes = 0;
  const taken: PartitionQueue[] = [];
  for (const queue of queues) {
    const fitting = countFitting(queue, {
      records: requestRecordsMax - records,
      partitionBytes: partitionBytesMax,
      requestBytes: requestBytesMax - bytes,
      requestIsEmpty: taken.length === 0,
    });
    if (fitting.records === 0) continue;
    queue.inFlight = fitting.records;
    if (fitting.records === queue.entries.length) queue.urgent = false;
    records += fitting.records;
    bytes += fitting.bytes;
    taken.push(queue);
  }
  state.metrics.observe('kafka_produce_request_records', records);
  return taken;
}

function encode(queue: PartitionQueue): ProduceRequestPartition {
  const messages = new Array(queue.inFlight);
  for (let i = 0; i < queue.inFlight; i++) messages[i] = queue.entries[i]!.message;
  return { topic: queue.wireTopic, partition: queue.partition, records: encodeBatch(messages) };
}

/** Starts a lookup of leaders if one is allowed. Returns the time when the next one is allowed. */
function refreshLeaders(state: LoopState, now: number): number {
  if (state.refreshing) return Number.POSITIVE_INFINITY;
  if (state.refreshNotBeforeMs > now) return state.refreshNotBeforeMs;
  void refreshNow(state);
  return Number.POSITIVE_INFINITY;
}

/** Starts a lookup that never rejects. Returns null while another lookup runs. */
function refreshNow(state: LoopState): Promise<void> | null {
  if (state.refreshing) return null;
  state.refreshing = true;
  state.staleLeaders = false;
  const topics = [...new Set([...state.topics, ...state.queues.map((queue) => queue.wireTopic)])];
  return state.leaders
    .refresh(topics)
    .then(() => {
      state.refreshFailures = 0;
      state.connected = true;
    })
    .catch((error: unknown) => {
      state.refreshFailures++;
      state.connected = false;
      state.staleLeaders = true;
      const details = { failures: state.refreshFailures, reason: errorMessage(error) };
      state.throttledLog('warn', details, 'no broker returned the leaders');
    })
    .finally(() => {
      state.refreshing = false;
      const grownMs = refreshInitialMs * 2 ** Math.min(state.refreshFailures, refreshDoublingsMax);
      const delayMs = Math.min(state.limits.retryMaxMs, grownMs);
      state.refreshNotBeforeMs = performance.now() + delayMs;
      turn(state);
    });
}

function flush(state: LoopState): Promise<void> {
  return new Promise((resolve) => {
    const pending = new Set(state.queues.flatMap((queue) => queue.entries.map((entry) => entry.send)));
    state.flushWaiters.push(() => {
      for (const send of pending) if (!send.settled) return false;
      resolve();
      return true;
    });
    wakeAtEndOfTick(state);
  });
}

function settleFlushes(state: LoopState): void {
  if (state.flushWaiters.length > 0) state.flushWaiters = state.flushWaiters.filter((isDone) => !isDone());
}

/** Sends at the end of the current tick, so that the calls of one tick share their requests. */
function wakeAtEndOfTick(state: LoopState): void {
  if (state.tickArmed) return;
  state.tickArmed = true;
  setImmediate(() => {
    state.tickArmed = false;
    turn(state);
  });
}

function wakeAt(state: LoopState, atMs: number): void {
  if (state.stopped || atMs === Number.POSITIVE_INFINITY) return;
  if (state.timer !== null) {
    if (state.timerAtMs <= atMs) return;
    clearTimeout(state.timer);
  }
  state.timerAtMs = atMs;
  state.timer = setTimeout(
    () => {
      state.timer = null;
      turn(state);
    },
    Math.max(1, atMs - performance.now()),
  );
}

import { performance } from 'node:perf_hooks';
import { appError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { createLeaders, type Leaders } from './leaders.ts';
import { createPartitionQueue, enqueue, giveUp, type PartitionQueue, type Send } from './partition-queue.ts';
import { createProduceLoop, type ProduceLoop } from './produce-loop.ts';
import type { ProduceLimits } from './produce-state.ts';
import { type KafkaSettings, withPrefix } from './settings.ts';
import type { OutMessage } from './types.ts';

export interface AccumulatorOptions extends Partial<ProduceLimits> {
  settings: KafkaSettings;
  log: Logger;
  metrics: Metrics;
  /** Topics whose leaders are looked up at once, so that the first message does not wait for it. */
  topics?: readonly string[];
}

export interface Accumulator {
  /**
   * Resolves when all in-sync replicas have the record. Rejects with NOT_PRODUCED (certainly not in the log),
   * OUTCOME_UNKNOWN (deadline passed after a try that may have reached a broker), or RECORD_REFUSED (by its content or size).
   */
  send(message: OutMessage): Promise<{ partition: number; offset: bigint }>;
  /**
   * Messages of one partition, in order, without waiting for company. Resolves to the offset of the first when all are
   * in the log; offsets need not be dense, as a request may be cut in two. With `forever` only RECORD_REFUSED and
   * closing end it; without, it ends like `send`.
   */
  sendBatch(messages: readonly OutMessage[], options?: { forever?: boolean }): Promise<bigint>;
  /** Age of the oldest message without acknowledgement; 0 when none waits. */
  oldestAgeMs(): number;
  queuedRecords(): number;
  queuedBytes(): number;
  /** Whether the last contact with the cluster was an answer. */
  isConnected(): boolean;
  /** Resolves when everything that is queued now is settled, one way or the other. */
  flush(): Promise<void>;
  /** Refuses new messages, flushes until the deadline, rejects the rest and closes the connections. Calls share one promise. */
  close(deadlineMs: number): Promise<void>;
}

const defaults: ProduceLimits = {
  lingerMs: 3,
  requestRecordsMax: 1_000,
  partitionBytesMax: 900_000,
  requestBytesMax: 8_000_000,
  requestTimeoutMs: 2_000,
  queueBytesMax: 64_000_000,
  deadlineMs: 10_000,
  retryMaxMs: 1_000,
  inFlight: 'perLeader',
};

interface State {
  limits: ProduceLimits;
  wireName: (topic: string) => string;
  queues: Map<string, (PartitionQueue | undefined)[]>;
  loop: ProduceLoop;
  leaders: Leaders;
  closing: Promise<void> | null;
}

/**
 * Collects messages into produce requests, one in flight per leader, acks from all in-sync replicas, not idempotent:
 * a message may be in the log twice, never zero times, and first copies are in the order of `send`. kafkajs's producer
 * is not used: it reports partitions of a failed request as written, and its idempotent mode loses records when sends
 * overlap (docs/decisions). Resolves also while Kafka is away; messages then wait for their deadline.
 */
export async function createAccumulator(options: AccumulatorOptions): Promise<Accumulator> {
  const { settings, log, metrics, topics = [], ...limits } = options;
  const requestTimeoutMs = limits.requestTimeoutMs ?? defaults.requestTimeoutMs;
  const leaders = createLeaders(settings, { log, requestTimeoutMs });
  const wireName = (topic: string) => withPrefix(settings, topic);
  const state = createState(leaders, { log, metrics, wireName, ...limits });
  await state.loop.lookUp(topics.map(wireName));
  return faceOf(state);
}

/** The accumulator over any way to the leaders; tests give it one that fails on purpose. */
export function createAccumulatorOver(leaders: Leaders, options: OverOptions): Accumulator {
  return faceOf(createState(leaders, options));
}

type OverOptions = Partial<ProduceLimits> & {
  log: Logger;
  metrics: Metrics;
  wireName?: (topic: string) => string;
};

function createState(leaders: Leaders, options: OverOptions): State {
  const { log, metrics, wireName = (topic) => topic, ...given } = options;
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const limits: ProduceLimits = { ...defaults, ...known };
  const loop = createProduceLoop(leaders, { log, metrics, limits });
  return { limits, wireName, queues: new Map(), loop, leaders, closing: null };
}

function faceOf(state: State): Accumulator {
  const { loop } = state;
  return {
    send: (message) => send(state, message),
    sendBatch: (messages, batch) => sendBatch(state, messages, batch?.forever ?? false),
    oldestAgeMs: () => oldestAgeMs(state),
    queuedRecords: () => sum(state, (queue) => queue.entries.length),
    queuedBytes: () => sum(state, (queue) => queue.bytes),
    isConnected: () => loop.isConnected(),
    flush: () => loop.flush(),
    close: (deadlineMs) => {
      state.closing ??= close(state, deadlineMs);
      return state.closing;
    },
  };
}

function send(state: State, message: OutMessage): Promise<{ partition: number; offset: bigint }> {
  const { partition } = message;
  const deadlineAtMs = performance.now() + state.limits.deadlineMs;
  if (sum(state, (queue) => queue.bytes) > state.limits.queueBytesMax) {
    return Promise.reject(
      appError('NOT_PRODUCED', { topic: message.topic, partition, reason: 'queue is full' }),
    );
  }
  return new Promise((resolve, reject) => {
    add(state, [message], deadlineAtMs, { resolve: (offset) => resolve({ partition, offset }), reject });
    state.loop.wake('linger');
  });
}

function sendBatch(state: State, messages: readonly OutMessage[], forever: boolean): Promise<bigint> {
  const deadlineAtMs = forever ? Number.POSITIVE_INFINITY : performance.now() + state.limits.deadlineMs;
  return new Promise((resolve, reject) => {
    const queue = add(state, messages, deadlineAtMs, { resolve, reject });
    if (queue !== null) queue.urgent = true;
    state.loop.wake('now');
  });
}

function add(
  state: State,
  messages: readonly OutMessage[],
  deadlineAtMs: number,
  settle: Pick<Send, 'resolve' | 'reject'>,
): PartitionQueue | null {
  const head = messages[0];
  if (head === undefined) throw new TypeError('a batch has at least one message');
  const { topic, partition } = head;
  if (state.closing !== null) {
    settle.reject(appError('NOT_PRODUCED', { topic, partition, reason: 'the producer is closed' }));
    return null;
  }
  for (const message of messages) {
    if (message.topic !== topic || message.partition !== partition) {
      throw new TypeError('the messages of a batch belong to one partition');
    }
  }
  const send: Send = {
    left: messages.length,
    baseOffset: -1n,
    maybeWritten: false,
    settled: false,
    deadlineAtMs,
    ...settle,
  };
  const queue = queueOf(state, topic, partition);
  enqueue(queue, messages, send, performance.now());
  return queue;
}

function queueOf(state: State, topic: string, partition: number): PartitionQueue {
  let ofTopic = state.queues.get(topic);
  if (ofTopic === undefined) {
    ofTopic = [];
    state.queues.set(topic, ofTopic);
  }
  let queue = ofTopic[partition];
  if (queue === undefined) {
    if (!Number.isInteger(partition) || partition < 0) throw new TypeError('partition is not a whole number');
    queue = createPartitionQueue(topic, state.wireName(topic), partition);
    ofTopic[partition] = queue;
    state.loop.queues.push(queue);
  }
  return queue;
}

function oldestAgeMs(state: State): number {
  const now = performance.now();
  let oldest = now;
  for (const { entries } of state.loop.queues) oldest = Math.min(oldest, entries[0]?.queuedAtMs ?? now);
  return now - oldest;
}

function sum(state: State, of: (queue: PartitionQueue) => number): number {
  let total = 0;
  for (const queue of state.loop.queues) total += of(queue);
  return total;
}

async function close(state: State, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([state.loop.flush(), late]);
  clearTimeout(timer);
  state.loop.stop();
  for (const queue of state.loop.queues) giveUp(queue, () => true, 'the producer was closed');
  state.leaders.close();
}

import { performance } from 'node:perf_hooks';
import { type AppError, appError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { recordSizeBound } from '../protocol/record-batch.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import type { OutMessage } from '../types.ts';
import { createLeaders, type Leaders } from './leaders.ts';
import {
  createPartitionQueue,
  enqueue,
  giveUp,
  type PartitionQueue,
  type Send,
  type SendProof,
} from './partition-queue.ts';
import { createProduceLoop, type ProduceLoop } from './produce-loop.ts';
import type { ProduceLimits } from './produce-state.ts';

export interface AccumulatorOptions extends Partial<ProduceLimits> {
  settings: KafkaSettings;
  log: Logger;
  metrics: Metrics;
  /** Topics whose leaders are looked up at the start, so that the first message does not wait for the lookup. */
  topics?: readonly string[];
}

export interface Accumulator {
  /**
   * Resolves when all in-sync replicas have the record. NOT_PRODUCED means that the record is certainly not in
   * the log. OUTCOME_UNKNOWN means that the deadline passed, and the record may have reached a broker.
   * RECORD_REFUSED means that the broker refused its content or size.
   */
  send(message: OutMessage): Promise<{ partition: number; offset: bigint }>;
  /**
   * Sends messages of any partitions. Each one succeeds or fails independently, as with `send`. `onEnd` gets
   * the index of a message with its offset or its error. Throws a TypeError for a message that cannot be
   * encoded, before it queues any message.
   */
  sendEach(messages: readonly OutMessage[], onEnd: (index: number, end: bigint | AppError) => void): void;
  /**
   * Sends messages of one partition, in order, without a linger. Resolves to the offset of the first message
   * when all are in the log. Their offsets may have gaps, because a request may be split in two. Without
   * `forever` the call ends like `send`.
   *
   * With `forever` only `close` rejects the call. A record that a broker refuses is sent again, and `onRefused`
   * gets the reason each time. A record that is refused for its timestamp is sent with the current time, if
   * that is earlier. A `proof` that cannot be renewed also rejects the call. `onWritten` gets the offset of the
   * last message before the promise resolves.
   */
  sendBatch(messages: readonly OutMessage[], options?: BatchOptions): Promise<bigint>;
  /** The age of the oldest unacknowledged message; 0 if no message waits. */
  oldestAgeMs(): number;
  queuedRecords(): number;
  queuedBytes(): number;
  /** Whether the last contact with the cluster succeeded. */
  isConnected(): boolean;
  /** Resolves when every message that is queued now has succeeded or failed. */
  flush(): Promise<void>;
  /**
   * Refuses new messages, flushes until the deadline, rejects the rest and closes the connections. Concurrent
   * calls share one promise.
   */
  close(deadlineMs: number): Promise<void>;
}

export interface BatchOptions {
  readonly forever?: boolean;
  readonly proof?: SendProof;
  onWritten?(lastOffset: bigint): void;
  onRefused?(reason: string): void;
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
 * Collects messages into produce requests. One request is in flight per leader, and all in-sync replicas
 * acknowledge it. The requests are not idempotent, so a message may be in the log twice. An acknowledged
 * message is never missing. First copies are in the order of `send`.
 *
 * It does not use kafkajs's producer, which reports the partitions of a failed request as written. Its
 * idempotent mode loses records when sends overlap (docs/decisions). The function resolves also while Kafka is
 * unreachable. Messages then wait until their deadline.
 */
export async function createAccumulator(options: AccumulatorOptions): Promise<Accumulator> {
  const { settings, log, metrics, topics = [], ...limits } = options;
  const requestTimeoutMs = limits.requestTimeoutMs ?? defaults.requestTimeoutMs;
  const leaders = createLeaders(settings, { log, requestTimeoutMs });
  const wireName = (topic: string) => withPrefix(settings, topic);
  const state = createState(leaders, { log, metrics, wireName, ...limits });
  for (const topic of topics) {
    metrics.zero('kafka_produced_records_total', { topic });
    metrics.zero('kafka_produce_given_up_total', { topic });
  }
  await state.loop.lookUp(topics.map(wireName));
  return faceOf(state);
}

/** Creates the accumulator over any `Leaders`. Tests pass leaders with planned faults. */
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
    sendEach: (messages, onEnd) => sendEach(state, messages, onEnd),
    sendBatch: (messages, batch) => sendBatch(state, messages, batch),
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
  return new Promise((resolve, reject) => {
    sendEach(state, [message], (_index, end) =>
      typeof end === 'bigint' ? resolve({ partition, offset: end }) : reject(end),
    );
  });
}

function sendEach(
  state: State,
  messages: readonly OutMessage[],
  onEnd: (index: number, end: bigint | AppError) => void,
): void {
  const sizes = messages.map(recordSizeBound);
  const refusal = refusalOf(state);
  if (refusal !== null) {
    for (let i = 0; i < messages.length; i++) {
      const { topic, partition } = messages[i]!;
      onEnd(i, appError('NOT_PRODUCED', { topic, partition, reason: refusal }));
    }
    return;
  }
  const queuedAtMs = performance.now();
  const deadlineAtMs = queuedAtMs + state.limits.deadlineMs;
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    const tell = (end: bigint | AppError): void => onEnd(i, end);
    const send = newSend({ left: 1, deadlineAtMs, resolve: tell, reject: tell });
    const queue = queueOf(state, message.topic, message.partition);
    enqueue(queue, { message, bytes: sizes[i]!, queuedAtMs, first: true, send });
  }
  state.loop.wake('linger');
}

/** The reason why no message is accepted now, or null. */
function refusalOf(state: State): string | null {
  if (state.closing !== null) return 'the producer is closed';
  return sum(state, (queue) => queue.bytes) > state.limits.queueBytesMax ? 'queue is full' : null;
}

function sendBatch(
  state: State,
  messages: readonly OutMessage[],
  { forever = false, proof, onWritten, onRefused }: BatchOptions = {},
): Promise<bigint> {
  const queuedAtMs = performance.now();
  const deadlineAtMs = forever ? Number.POSITIVE_INFINITY : queuedAtMs + state.limits.deadlineMs;
  return new Promise((resolve, reject) => {
    const { topic, partition } = partitionOfAll(messages);
    if (state.closing !== null) {
      reject(appError('NOT_PRODUCED', { topic, partition, reason: 'the producer is closed' }));
      return;
    }
    const sizes = messages.map(recordSizeBound);
    const send = newSend({
      left: messages.length,
      deadlineAtMs,
      resolve(baseOffset, lastOffset) {
        onWritten?.(lastOffset);
        resolve(baseOffset);
      },
      reject,
      onRefused,
    });
    if (proof !== undefined) send.proof = { ...proof, isRenewing: false };
    const queue = queueOf(state, topic, partition);
    for (let i = 0; i < messages.length; i++) {
      enqueue(queue, { message: messages[i]!, bytes: sizes[i]!, queuedAtMs, first: i === 0, send });
    }
    queue.urgent = true;
    state.loop.wake('now');
  });
}

function newSend(given: Pick<Send, 'left' | 'deadlineAtMs' | 'resolve' | 'reject' | 'onRefused'>): Send {
  return { ...given, baseOffset: -1n, lastOffset: -1n, maybeWritten: false, settled: false };
}

function partitionOfAll(messages: readonly OutMessage[]): { topic: string; partition: number } {
  const head = messages[0];
  if (head === undefined) throw new TypeError('a batch has at least one message');
  const { topic, partition } = head;
  for (const message of messages) {
    if (message.topic !== topic || message.partition !== partition) {
      throw new TypeError('the messages of a batch belong to one partition');
    }
  }
  return { topic, partition };
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

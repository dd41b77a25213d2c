import { performance } from 'node:perf_hooks';
import { AppError, appError, errorMessage } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { backoff, sleep } from '../../retry/index.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import { closedBrokerOf, outOfRangeOf } from '../kafkajs/kafka-errors.ts';
import { createThrottledLog, type ThrottledLog } from '../kafkajs/throttled-log.ts';
import type { FetchRequestPartition, FetchResponsePartition } from '../protocol/fetch-protocol.ts';
import { readRecordSet } from '../protocol/record-reader.ts';
import { type KafkaSettings, withoutPrefix, withPrefix } from '../settings.ts';
import type { InRecord, TopicPartition, TopicPartitionOffset } from '../types.ts';
import { failureOf, fetchOnce } from './fetch.ts';
import { createPace, quickPace } from './pace.ts';
import { createPositions, type Positions } from './positions.ts';

export interface PartitionReaderOptions {
  settings: KafkaSettings;
  topics: readonly string[];
  /** The end at `start`, the beginning, or these offsets. A partition without one starts at the beginning. */
  from: 'latest' | 'earliest' | readonly TopicPartitionOffset[];
  /** May return a promise, for which the next records of the broker wait. Must not throw. */
  onRecords(
    topic: string,
    partition: number,
    records: InRecord[],
    highWatermark: bigint,
  ): void | Promise<void>;
  log: Logger;
  maxWaitTimeInMs?: number;
  maxBytesPerPartition?: number;
}

export interface PartitionReader {
  /** Resolves with known positions. Retries while Kafka is unreachable. Rejects with ABORTED after `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The next offset of every partition. */
  positions(): TopicPartitionOffset[];
}

const defaults = { maxWaitTimeInMs: 250, maxBytesPerPartition: 512 * 1024 };
const fetchMaxBytes = 8 * 1024 * 1024;
/** How often the reader starts loops for new leaders. */
const superviseIntervalMs = 1_000;
const retryDelayMs = 200;
/** The interval of the log message, because a failing fetch fails several times a second. */
const repeatEveryMs = 5_000;
/** After this time without a successful fetch, the reader recreates connections and metadata. */
const silenceMaxMs = 30_000;
const startBackoff = backoff({ initialMs: 200, maxMs: 3_000 });
/** Retries inside kafkajs's calls. The loops retry by themselves. */
const callRetries = 4;

interface State {
  readonly options: PartitionReaderOptions & typeof defaults;
  readonly topics: readonly string[];
  readonly positions: Positions;
  readonly stopped: AbortController;
  readonly loops: Map<number, Promise<void>>;
  readonly throttledLog: ThrottledLog;
  cluster: LibraryCluster;
  lastFetchMs: number;
  supervisor: NodeJS.Timeout | null;
}

/**
 * Follows every partition of some topics without a group. There is no rebalance and no commit, so each process
 * sees every record. One loop runs per broker that leads a partition.
 */
export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { settings, log } = options;
  const state: State = {
    options: {
      ...options,
      maxWaitTimeInMs: options.maxWaitTimeInMs ?? defaults.maxWaitTimeInMs,
      maxBytesPerPartition: options.maxBytesPerPartition ?? defaults.maxBytesPerPartition,
    },
    topics: options.topics.map((topic) => withPrefix(settings, topic)),
    positions: createPositions(),
    stopped: new AbortController(),
    loops: new Map(),
    throttledLog: createThrottledLog(log, repeatEveryMs),
    cluster: createCluster(settings, { log, retries: callRetries }),
    lastFetchMs: 0,
    supervisor: null,
  };
  return {
    start: () => start(state),
    stop: () => stop(state),
    positions: () =>
      partitionsOf(state).flatMap(({ topic, partition }) => {
        const offset = state.positions.get(topic, partition);
        return offset === null ? [] : [{ topic: withoutPrefix(settings, topic), partition, offset }];
      }),
  };
}

async function start(state: State): Promise<void> {
  const { signal } = state.stopped;
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw appError('ABORTED');
    try {
      await state.cluster.connect();
      await state.cluster.addMultipleTargetTopics([...state.topics]);
      await findPositions(state);
      break;
    } catch (error) {
      state.options.log.warn(
        { attempt, reason: errorMessage(error) },
        'the partition reader cannot start yet',
      );
      await sleep(startBackoff(attempt), signal);
      renew(state);
    }
  }
  state.lastFetchMs = performance.now();
  supervise(state);
  state.supervisor = setInterval(() => supervise(state), superviseIntervalMs);
}

/** Looks up the start or end of the partitions that have no position yet. */
async function findPositions(state: State): Promise<void> {
  const { from, settings } = state.options;
  if (typeof from !== 'string') {
    for (const { topic, partition, offset } of from) {
      const name = withPrefix(settings, topic);
      if (state.positions.get(name, partition) === null) state.positions.set(name, partition, offset);
    }
  }
  const missing = partitionsOf(state).filter(
    ({ topic, partition }) => state.positions.get(topic, partition) === null,
  );
  if (missing.length > 0) await resolveOffsets(state, missing, from !== 'latest');
}

async function resolveOffsets(
  state: State,
  partitions: readonly TopicPartition[],
  fromBeginning: boolean,
): Promise<void> {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const asked = [...byTopic].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition }) => ({ partition })),
    fromBeginning,
  }));
  for (const { topic, partitions: answered } of await state.cluster.fetchTopicsOffset(asked)) {
    for (const { partition, offset } of answered) state.positions.set(topic, partition, BigInt(offset));
  }
}

function partitionsOf(state: State): TopicPartition[] {
  return state.topics.flatMap((topic) =>
    metadataOf(state, topic).map(({ partitionId }) => ({ topic, partition: partitionId })),
  );
}

function metadataOf(state: State, topic: string): { partitionId: number; leader: number }[] {
  try {
    return state.cluster.findTopicPartitionMetadata(topic);
  } catch {
    // kafkajs throws while it has no metadata. Then no partition is known.
    return [];
  }
}

function supervise(state: State): void {
  if (state.stopped.signal.aborted) return;
  if (performance.now() - state.lastFetchMs > silenceMaxMs) {
    state.options.log.warn({ silenceMaxMs }, 'the partition reader got no response and reconnects');
    renew(state);
    state.lastFetchMs = performance.now();
    void state.cluster
      .connect()
      .then(() => state.cluster.addMultipleTargetTopics([...state.topics]))
      .catch((error: unknown) =>
        state.options.log.warn({ reason: errorMessage(error) }, 'the partition reader cannot reach a broker'),
      );
  }
  const leaders = new Set(
    state.topics.flatMap((topic) => metadataOf(state, topic).map(({ leader }) => leader)),
  );
  for (const leader of leaders) {
    if (state.loops.has(leader) || leader < 0) continue;
    const loop = follow(state, leader).finally(() => state.loops.delete(leader));
    state.loops.set(leader, loop);
  }
}

/** Fetches from one broker while it leads a partition. */
async function follow(state: State, leader: number): Promise<void> {
  const { signal } = state.stopped;
  const pace = createPace(() => quickPace);
  while (!signal.aborted) {
    try {
      await pace.turn();
      await state.cluster.refreshMetadataIfNecessary();
      await findPositions(state);
      const wanted = wantedFrom(state, leader);
      if (wanted.length === 0) return;
      await fetchAndDeliver(state, leader, wanted);
    } catch (error) {
      if (signal.aborted) return;
      await recover(state, leader, error);
    }
  }
}

function wantedFrom(state: State, leader: number): FetchRequestPartition[] {
  const { maxBytesPerPartition: partitionMaxBytes } = state.options;
  return state.topics.flatMap((topic) =>
    metadataOf(state, topic).flatMap(({ partitionId: partition, leader: leads }) => {
      const fetchOffset = state.positions.get(topic, partition);
      return leads !== leader || fetchOffset === null
        ? []
        : [{ topic, partition, fetchOffset, partitionMaxBytes }];
    }),
  );
}

async function fetchAndDeliver(
  state: State,
  leader: number,
  wanted: readonly FetchRequestPartition[],
): Promise<void> {
  const broker = await state.cluster.findBroker({ nodeId: String(leader) });
  const limits = { maxWaitMs: state.options.maxWaitTimeInMs, maxBytes: fetchMaxBytes };
  const answer = await fetchOnce(broker, wanted, limits);
  state.lastFetchMs = performance.now();
  for (const fetched of answer) {
    const asked = wanted.find((each) => each.topic === fetched.topic && each.partition === fetched.partition);
    if (asked !== undefined && fetched.records.length > 0 && !state.stopped.signal.aborted)
      await deliver(state, fetched, asked.fetchOffset);
  }
  // A failed partition does not delay the records of the others.
  for (const fetched of answer) {
    const failure = failureOf(fetched);
    if (failure !== null) throw failure;
  }
}

async function deliver(state: State, fetched: FetchResponsePartition, from: bigint): Promise<void> {
  const { topic, partition, highWatermark } = fetched;
  // After a move of the leader, the loop of another broker was faster.
  if (state.positions.get(topic, partition) !== from) return;
  const name = withoutPrefix(state.options.settings, topic);
  const { records, next } = readRecordSet(
    fetched.records,
    name,
    partition,
    from,
    fetched.abortedTransactions,
  );
  state.positions.set(topic, partition, next);
  if (records.length > 0) await state.options.onRecords(name, partition, records, highWatermark);
}

async function recover(state: State, leader: number, error: unknown): Promise<void> {
  const { log } = state.options;
  try {
    const outside = outOfRangeOf(error);
    if (outside !== null) {
      const position = String(state.positions.get(outside.topic, outside.partition));
      await resolveOffsets(state, [outside], true);
      log.error(
        { ...outside, position },
        'the position of the partition reader is outside the log; it continues at the beginning',
      );
      return;
    }
    // Unreadable records stay unreadable, so they get a warning. An unreachable broker recovers without help.
    const level = error instanceof AppError ? 'warn' : 'debug';
    state.throttledLog(
      level,
      { leader, reason: errorMessage(error) },
      'a fetch of the partition reader failed',
    );
    const closed = closedBrokerOf(error);
    if (closed !== null) state.cluster.removeBroker(closed);
    await sleep(retryDelayMs, state.stopped.signal);
    await state.cluster.refreshMetadata();
  } catch (again) {
    if (state.stopped.signal.aborted) return;
    log.debug({ leader, reason: errorMessage(again) }, 'the partition reader has no metadata');
    await sleep(retryDelayMs, state.stopped.signal).catch(() => undefined);
  }
}

function renew(state: State): void {
  forceCloseCluster(state.cluster);
  state.cluster = createCluster(state.options.settings, { log: state.options.log, retries: callRetries });
}

async function stop(state: State): Promise<void> {
  state.stopped.abort();
  if (state.supervisor !== null) clearInterval(state.supervisor);
  forceCloseCluster(state.cluster);
  await Promise.all(state.loops.values());
}

/**
 * Cheap requests that show whether logs are still the same: the ids of cluster and topics, and single records.
 * All requests share one connection.
 */
import { performance } from 'node:perf_hooks';
import { sleep } from '../../retry/index.ts';
import { failureOf, fetchOnce } from '../consumer/fetch.ts';
import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import { fetchMetadata } from '../kafkajs/metadata.ts';
import type { FetchResponsePartition } from '../protocol/fetch-protocol.ts';
import { readRecordSet } from '../protocol/record-reader.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import type { InRecord, TopicPartitionOffset } from '../types.ts';
import { kafkaUnavailable } from '../unavailable.ts';
import { fetchTopicMetadata } from './topic-id.ts';

/** The ids that distinguish a log from another log of the same name. */
interface LogIdentity {
  readonly clusterId: string;
  /** By topic, without the prefix; null for a missing topic. */
  readonly topicIds: ReadonlyMap<string, string | null>;
}

export interface LogProbe {
  /** Throws KAFKA_UNAVAILABLE. */
  identify(topics: readonly string[]): Promise<LogIdentity>;
  /**
   * Reads the record at each of these offsets, in their order; null if the log has none there. Throws
   * KAFKA_UNAVAILABLE.
   */
  recordsAt(places: readonly TopicPartitionOffset[]): Promise<(InRecord | null)[]>;
  close(): void;
}

interface State {
  readonly settings: KafkaSettings;
  cluster: LibraryCluster | null;
}

interface Place extends TopicPartitionOffset {
  readonly index: number;
}

const callRetries = 3;
const deadlineMs = 8_000;
const againMs = 100;
const waitMs = 50;
/** Brokers always return the whole first batch, however large it is. One batch is enough here. */
const bytesPerPartition = 1_024;
const fetchBytesMax = 16 * 1024 * 1024;
const offsetOutOfRange = 1;

/** Connects at the first request. */
export function createLogProbe(settings: KafkaSettings): LogProbe {
  const state: State = { settings, cluster: null };
  return {
    identify: (topics) => asking(state, (cluster) => identify(state, cluster, topics)),
    recordsAt: (places) =>
      places.length === 0
        ? Promise.resolve([])
        : asking(state, (cluster) => recordsAt(state, cluster, places)),
    close: () => drop(state),
  };
}

/** Runs a request. After an error the client is closed, and the next request creates a new one. */
async function asking<T>(state: State, ask: (cluster: LibraryCluster) => Promise<T>): Promise<T> {
  try {
    if (state.cluster === null) {
      state.cluster = createCluster(state.settings, { log: silentLogger(), retries: callRetries });
      await state.cluster.connect();
      await state.cluster.refreshMetadata();
    }
    return await ask(state.cluster);
  } catch (error) {
    drop(state);
    throw kafkaUnavailable(error);
  }
}

function drop(state: State): void {
  if (state.cluster !== null) forceCloseCluster(state.cluster);
  state.cluster = null;
}

function anyBroker(cluster: LibraryCluster): Promise<KafkaBroker> {
  const [nodeId = ''] = Object.keys(cluster.brokerPool.brokers);
  return cluster.findBroker({ nodeId });
}

async function identify(
  { settings }: State,
  cluster: LibraryCluster,
  topics: readonly string[],
): Promise<LogIdentity> {
  const broker = await anyBroker(cluster);
  const topicIds = new Map<string, string | null>();
  let clusterId = '';
  for (const topic of topics) {
    const answer = await fetchTopicMetadata(broker, withPrefix(settings, topic));
    topicIds.set(topic, answer.topicId);
    clusterId = answer.clusterId;
  }
  return { clusterId, topicIds };
}

async function recordsAt(
  { settings }: State,
  cluster: LibraryCluster,
  asked: readonly TopicPartitionOffset[],
): Promise<(InRecord | null)[]> {
  const found: (InRecord | null)[] = asked.map(() => null);
  const untilMs = performance.now() + deadlineMs;
  let missing: Place[] = asked.map((place, index) => ({ ...place, index }));
  for (;;) {
    missing = await fetchPlaces(settings, cluster, missing, found);
    if (missing.length === 0) return found;
    if (performance.now() > untilMs) throw new Error(`no answer within ${deadlineMs} ms`);
    await sleep(againMs);
  }
}

/**
 * Fills in the available records and returns the missing positions. Leaders may move. A new leader may get the
 * high watermark late.
 */
async function fetchPlaces(
  settings: KafkaSettings,
  cluster: LibraryCluster,
  places: readonly Place[],
  found: (InRecord | null)[],
): Promise<Place[]> {
  const left: Place[] = [];
  const leaders = await leadersOf(settings, cluster, places);
  for (const [leader, own] of Map.groupBy(places, (place) => leaders.get(keyOf(place)) ?? -1)) {
    if (leader < 0) {
      left.push(...own);
      continue;
    }
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const wanted = own.map(({ topic, partition, offset }) => ({
      topic: withPrefix(settings, topic),
      partition,
      fetchOffset: offset,
      partitionMaxBytes: bytesPerPartition,
    }));
    const answer = await fetchOnce(broker, wanted, { maxWaitMs: waitMs, maxBytes: fetchBytesMax });
    for (const place of own) {
      const fetched = answer.find(
        ({ topic, partition }) =>
          topic === withPrefix(settings, place.topic) && partition === place.partition,
      );
      const record = fetched === undefined ? 'again' : readPlace(fetched, place);
      if (record === 'again') left.push(place);
      else found[place.index] = record;
    }
  }
  return left;
}

function readPlace(
  fetched: FetchResponsePartition,
  { topic, partition, offset }: Place,
): InRecord | null | 'again' {
  if (fetched.errorCode === offsetOutOfRange) return null;
  if (failureOf(fetched) !== null) return 'again';
  if (fetched.records.length === 0) return fetched.highWatermark <= offset ? null : 'again';
  const { records } = readRecordSet(fetched.records, topic, partition, offset, fetched.abortedTransactions);
  return records[0]?.offset === offset ? records[0] : null;
}

async function leadersOf(
  settings: KafkaSettings,
  cluster: LibraryCluster,
  places: readonly Place[],
): Promise<ReadonlyMap<string, number>> {
  const topics = [...new Set(places.map(({ topic }) => topic))];
  const names = new Map(topics.map((topic) => [withPrefix(settings, topic), topic]));
  const { topicMetadata } = await fetchMetadata(await anyBroker(cluster), [...names.keys()]);
  const leaders = new Map<string, number>();
  for (const { topic: wireTopic, partitionMetadata } of topicMetadata) {
    const topic = names.get(wireTopic) ?? wireTopic;
    for (const { partitionId: partition, leader } of partitionMetadata) {
      leaders.set(keyOf({ topic, partition }), leader);
    }
  }
  return leaders;
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/**
 * Reads partitions of topics from any offset without a consumer group. It commits nothing and leaves no trace on
 * the cluster. It uses kafkajs's cluster object directly, because the public consumer cannot read without a group.
 * It is separate from the consumers of the product, so that checks share no code with the checked services.
 */
import Cluster from 'kafkajs/src/cluster/index.js';
import filterAbortedMessages from 'kafkajs/src/consumer/filterAbortedMessages.js';
import loggers from 'kafkajs/src/loggers/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import {
  calmRequestQueues,
  createKafkaConfig,
  type KafkaConfig,
  kafkaFault,
  readHeadersOnce,
  shareConnectAttempts,
} from '../../services/shared/kafka/index.ts';
import type { FetchedMessage, FetchedPartition } from '../../services/shared/kafka/kafkajs/library-types.ts';
import { CliError } from '../errors.ts';
import { askAgain } from './ask-again.ts';
import { createSameLog, type SameLog } from './same-log.ts';

export interface LogRecord {
  topic: string;
  partition: number;
  /** Always below 2^53, because Kafka counts records and not bytes. */
  offset: number;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: FetchedMessage['headers'];
}

/** The first offset that still exists, and the offset of the next record. */
export interface Range {
  low: number;
  high: number;
}

export interface LogReader {
  /** Range of each partition, by its number. @throws CliError for a topic that does not exist. */
  ranges(topic: string): Promise<Range[]>;
  /**
   * Offset of the first record at or after a time, by partition. The end of the partition if there is no such
   * record.
   */
  offsetsAt(topic: string, timeMs: number): Promise<number[]>;
  /**
   * Committed records with `from <= offset < to`, in order, in the batches in which they arrive.
   *
   * @throws CliError if the topic was truncated or recreated since the first query
   */
  read(topic: string, partition: number, from: number, to: number): AsyncGenerator<LogRecord[]>;
  close(): Promise<void>;
}

const FETCH_BYTES_MAX = 4 << 20;
const FETCH_WAIT_MS = 500;
const FETCH_TRIES_MAX = 8;
const EMPTY_FETCHES_MAX = 20;
const RETRY_DELAY_MS = 250;
const CONNECT_TIMEOUT_MS = 4000;
const REQUEST_TIMEOUT_MS = 15_000;
const CAUSES_MAX = 8;
const KAFKAJS_NOTHING = 0;
const READ_COMMITTED = 1;

/** Connects to the cluster of `config`. Callers name topics without the prefix of the installation. */
export async function openLogReader(config: KafkaConfig): Promise<LogReader> {
  calmRequestQueues();
  readHeadersOnce();
  // Partitions are read concurrently. Without this call, each read opens a connection that is never closed, and the
  // process does not end.
  shareConnectAttempts();
  const settings = createKafkaConfig(config, `orderstream-cli-${process.pid}`);
  // Repeats the options of the product's clients, because `verify` shares no reader with the services that it
  // checks.
  const cluster = new Cluster({
    logger: loggers.createLogger({ level: KAFKAJS_NOTHING, logCreator: () => () => undefined }),
    socketFactory: createSocketFactory(),
    brokers: [...settings.brokers],
    ssl: settings.ssl || undefined,
    sasl: settings.sasl,
    clientId: settings.clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: CONNECT_TIMEOUT_MS,
    reauthenticationThreshold: 10_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    metadataMaxAge: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 3 },
    allowAutoTopicCreation: false,
  });
  try {
    await cluster.connect();
  } catch (error) {
    const fault = kafkaFault(error);
    const why = fault === null ? '' : `: ${fault}`;
    throw new CliError(`Kafka at ${settings.brokers.join(', ')} cannot be reached${why}`, { cause: error });
  }
  return createReader(cluster, (topic) => settings.topicPrefix + topic);
}

type OpenCluster = InstanceType<typeof Cluster>;

function createReader(cluster: OpenCluster, wireName: (topic: string) => string): LogReader {
  const sameLog = createSameLog(cluster);
  const partitionsOf = async (topic: string): Promise<number[]> => {
    try {
      await cluster.addMultipleTargetTopics([wireName(topic)]);
    } catch (error) {
      throw new CliError(
        saysUnknownTopic(error)
          ? `there is no topic ${wireName(topic)} on this cluster`
          : `the brokers cannot describe the topic ${wireName(topic)}: ${(error as Error).message}`,
        { cause: error },
      );
    }
    await sameLog.check(wireName(topic));
    const metadata = cluster.findTopicPartitionMetadata(wireName(topic));
    return metadata.map(({ partitionId }) => partitionId).toSorted((a, b) => a - b);
  };
  const offsets = async (topic: string, at: { fromBeginning: boolean } | { fromTimestamp: number }) => {
    const partitions = (await partitionsOf(topic)).map((partition) => ({ partition }));
    const query = { topic: wireName(topic), partitions, ...at } as Parameters<
      OpenCluster['fetchTopicsOffset']
    >[0][number];
    const [answer] = await askAgain(cluster, () => cluster.fetchTopicsOffset([query]));
    const byPartition: number[] = [];
    for (const { partition, offset } of answer?.partitions ?? []) byPartition[partition] = Number(offset);
    return byPartition;
  };

  return {
    async ranges(topic) {
      const low = await offsets(topic, { fromBeginning: true });
      const high = await offsets(topic, { fromBeginning: false });
      return high.map((end, partition) => ({ low: low[partition] ?? 0, high: end }));
    },
    async offsetsAt(topic, timeMs) {
      const found = await offsets(topic, { fromTimestamp: timeMs });
      const high = await offsets(topic, { fromBeginning: false });
      return high.map((end, partition) => ((found[partition] ?? -1) < 0 ? end : (found[partition] ?? end)));
    },
    async *read(topic, partition, from, to) {
      if (from >= to) return;
      await partitionsOf(topic);
      let next = from;
      let empty = 0;
      const mustReach = async (): Promise<void> => {
        await sameLog.check(wireName(topic));
        const end = (await offsets(topic, { fromBeginning: false }))[partition] ?? 0;
        if (end < to) throw cutWhileRead(wireName(topic), partition, `ends at ${end}, before ${to}`);
      };
      const fetchNext = () =>
        fetchFrom(cluster, { sameLog, wireTopic: wireName(topic), partition, offset: next });
      let fetching = fetchNext();
      while (next < to) {
        const { all, committed } = await fetching;
        const messages = all.filter((message) => Number(message.offset) >= next);
        const first = next;
        const last = messages.at(-1);
        if (last === undefined) {
          empty += 1;
          if (empty === 1) await mustReach();
          // Compaction may have removed the last records before the end. No more records arrive then.
          if (empty >= EMPTY_FETCHES_MAX) break;
        } else {
          empty = 0;
          next = Number(last.offset) + 1;
        }
        if (next < to) {
          fetching = fetchNext();
          // The next round awaits it. Until then a failure must not count as unhandled.
          fetching.catch(() => undefined);
        }
        const records = committed.filter(
          ({ offset, isControlRecord }) => !isControlRecord && Number(offset) >= first && Number(offset) < to,
        );
        if (records.length > 0) yield records.map((message) => toRecord(topic, partition, message));
      }
      if (next < to) await mustReach();
      else await sameLog.check(wireName(topic));
    },
    async close() {
      await cluster.disconnect();
    },
  };
}

interface Fetched {
  all: FetchedMessage[];
  /** The messages without records of aborted transactions. */
  committed: FetchedMessage[];
}

/** One fetch from the leader of the partition. Retries with the new leader if the leader moves. */
async function fetchFrom(
  cluster: OpenCluster,
  {
    sameLog,
    wireTopic,
    partition,
    offset,
  }: { sameLog: SameLog; wireTopic: string; partition: number; offset: number },
): Promise<Fetched> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const leader = cluster
        .findTopicPartitionMetadata(wireTopic)
        .find((p) => p.partitionId === partition)?.leader;
      if (leader === undefined || leader < 0) throw new Error(`partition ${partition} has no leader`);
      const broker = await cluster.findBroker({ nodeId: String(leader) });
      const { responses } = await broker.fetch({
        isolationLevel: READ_COMMITTED,
        maxWaitTime: FETCH_WAIT_MS,
        minBytes: 1,
        maxBytes: FETCH_BYTES_MAX,
        topics: [
          {
            topic: wireTopic,
            partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES_MAX }],
          },
        ],
      });
      const answer: FetchedPartition | undefined = responses[0]?.partitions[0];
      const all = answer?.messages ?? [];
      const { abortedTransactions } = answer ?? {};
      return { all, committed: filterAbortedMessages({ messages: all, abortedTransactions }) };
    } catch (error) {
      if (attempt >= FETCH_TRIES_MAX || isHopeless(error)) {
        await sameLog.check(wireTopic);
        if (isOutOfRange(error)) throw cutWhileRead(wireTopic, partition, `has no offset ${offset} any more`);
        throw new CliError(`cannot read ${wireTopic}, partition ${partition}, from offset ${offset}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
      // While a broker is down, the refresh fails like the fetch. The next round reports it.
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
}

function isHopeless(error: unknown): boolean {
  return isOutOfRange(error) || (error as Error).name === 'KafkaJSNotImplemented';
}

function isOutOfRange(error: unknown): boolean {
  const { type, name } = error as { type?: string; name?: string };
  return type === 'OFFSET_OUT_OF_RANGE' || name === 'KafkaJSOffsetOutOfRange';
}

/** Whether the error or one of its causes means an unknown topic. kafkajs wraps an error after its last retry. */
function saysUnknownTopic(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < CAUSES_MAX; link = link.cause, depth++) {
    if ((link as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return true;
    if ((link as { type?: string }).type === 'INVALID_TOPIC_EXCEPTION') return true;
  }
  return false;
}

function cutWhileRead(wireTopic: string, partition: number, what: string): CliError {
  return new CliError(`${wireTopic}, partition ${partition}, ${what}: it was truncated during the read`);
}

function toRecord(topic: string, partition: number, message: FetchedMessage): LogRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers,
  };
}

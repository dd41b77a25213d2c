import createEosManager from 'kafkajs/src/producer/eosManager/index.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { backoff, retry } from '../../retry/index.ts';
import { createClientLogger, silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import { closedBrokerOf, mayPassAfterRestart } from '../kafkajs/kafka-errors.ts';
import {
  type ProduceResponsePartition,
  produceApiKey,
  produceApiVersion,
  produceRequest,
} from '../protocol/produce-protocol.ts';
import { encodeBatch } from '../protocol/record-batch.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import { kafkaUnavailable } from '../unavailable.ts';

export interface FencedMessage {
  key: Buffer;
  value: Buffer;
  headers: Readonly<Record<string, string>>;
  timestampMs: number;
}

/** Appends to one partition. Earlier writers of the same name cannot append to it any more. */
export interface FencedWriter {
  /**
   * Appends all messages or none, in order. Resolves when they are committed on all in-sync replicas. After
   * KAFKA_UNAVAILABLE the result is unknown and this writer is unusable. Open another writer and read the log.
   */
  append(messages: readonly FencedMessage[]): Promise<void>;
  close(): Promise<void>;
}

const requestTimeoutMs = 5_000;
/** After this time brokers abort the transaction of a dead writer, if its successor has not done so. */
const transactionTimeoutMs = 15_000;
/** The limit of one request of a transaction. Brokers refuse record batches above `max.message.bytes`. */
const requestBytesMax = 900_000;
/** Retries are needed because brokers refuse the next transaction for a few milliseconds after one ends. */
const sendAttempts = 13;
const sendBackoff = backoff({ initialMs: 20, maxMs: 500 });
const noError = 0;

interface Writer {
  readonly cluster: LibraryCluster;
  readonly transactions: ReturnType<typeof createEosManager>;
  readonly transactionalId: string;
  readonly wireTopic: string;
  readonly partition: number;
  /** Number of records that were appended since the writer was opened. */
  sequence: number;
}

/**
 * Opens the writer named `name` and fences the previous writer of that name. The brokers abort the uncommitted
 * messages of that writer, and refuse its later requests. Rejects with KAFKA_UNAVAILABLE.
 *
 * kafkajs sends the requests of the transactions. Our code encodes the records, because it needs a tenth of the time.
 */
export async function openFencedWriter(options: {
  settings: KafkaSettings;
  /** Without the prefix. */
  name: string;
  topic: string;
  partition: number;
}): Promise<FencedWriter> {
  const { settings, name, topic, partition } = options;
  // The caller gets the failures as errors.
  const log = silentLogger();
  const cluster = createCluster(settings, { log, retries: sendAttempts - 1, requestTimeoutMs });
  const transactionalId = withPrefix(settings, name);
  const transactions = createEosManager({
    logger: createClientLogger(log),
    cluster,
    transactional: true,
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
  });
  const wireTopic = withPrefix(settings, topic);
  const writer: Writer = { cluster, transactions, transactionalId, wireTopic, partition, sequence: 0 };
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([wireTopic]);
    await transactions.initProducerId();
  } catch (error) {
    forceCloseCluster(cluster);
    throw unavailable(error);
  }
  return {
    async append(messages) {
      try {
        transactions.beginTransaction();
        for (const [from, to] of parts(messages)) await send(writer, messages, from, to);
        await transactions.commit();
      } catch (error) {
        throw unavailable(error);
      }
    },
    async close() {
      await cluster.disconnect().catch(() => {
        // The writer is unusable anyway, and its successor fences it.
      });
    },
  };
}

/** Adds the partition to the transaction, and appends `messages[from, to)`. Repeats are recognised by their sequence. */
async function send(
  writer: Writer,
  messages: readonly FencedMessage[],
  from: number,
  to: number,
): Promise<void> {
  const { cluster, transactions, wireTopic, partition } = writer;
  const producer = {
    id: BigInt(transactions.getProducerId()),
    epoch: transactions.getProducerEpoch(),
    firstSequence: writer.sequence,
  };
  const records = encodeBatch(messages, from, to, producer);
  await retry(
    async (attempt) => {
      if (attempt > 1) await lookUpAgain(cluster);
      await cluster.refreshMetadataIfNecessary();
      await transactions.addPartitionsToTransaction([{ topic: wireTopic, partitions: [{ partition }] }]);
      await produce(writer, records);
    },
    {
      attempts: sendAttempts,
      backoff: sendBackoff,
      shouldRetry(error) {
        const closed = closedBrokerOf(error);
        if (closed !== null) cluster.removeBroker(closed);
        return mayPassAfterRestart(error);
      },
    },
  );
  // Sequences continue at 0 after the largest one.
  writer.sequence = (writer.sequence + to - from) % 2 ** 31;
}

async function lookUpAgain(cluster: LibraryCluster): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.refreshMetadata();
}

async function produce(
  { cluster, transactionalId, wireTopic, partition }: Writer,
  records: Buffer,
): Promise<void> {
  const known = cluster.findTopicPartitionMetadata(wireTopic);
  const leader = known.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  const broker = await cluster.findBroker({ nodeId: String(leader) });
  const range = broker.versions?.[produceApiKey];
  if (range != null && (range.minVersion > produceApiVersion || range.maxVersion < produceApiVersion))
    throw new Error(`the broker does not support version ${produceApiVersion} of Produce`);
  const batch = { topic: wireTopic, partition, records };
  const request = produceRequest([batch], requestTimeoutMs, () => undefined, transactionalId);
  const [answer] = (await broker.connectionPool.send(request)) as ProduceResponsePartition[];
  if (answer === undefined) throw new Error('the broker answered for no partition');
  if (answer.errorCode !== noError) throw createErrorFromCode(answer.errorCode);
}

/** The bounds of parts that fit in a request. */
function* parts(messages: readonly FencedMessage[]): Generator<[from: number, to: number]> {
  let from = 0;
  let bytes = 0;
  for (const [index, { key, value }] of messages.entries()) {
    const size = key.length + value.length;
    if (index > from && bytes + size > requestBytesMax) {
      yield [from, index];
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < messages.length) yield [from, messages.length];
}

function unavailable(error: unknown): Error {
  return kafkaUnavailable(error);
}

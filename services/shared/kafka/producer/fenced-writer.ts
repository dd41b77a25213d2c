import kafkajs, { type Message, type Producer } from 'kafkajs';
import { appError, errorMessage } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { calmRequestQueues } from '../kafkajs/request-queue.ts';
import { authenticationTimeoutMs, connectionTimeoutMs, type KafkaSettings, withPrefix } from '../settings.ts';

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
const retry = { initialRetryTime: 20, maxRetryTime: 500, retries: 12 } as const;

/**
 * Opens the writer named `name` and fences the previous writer of that name. The brokers abort the uncommitted
 * messages of that writer, and refuse its later requests. Rejects with KAFKA_UNAVAILABLE.
 */
export async function openFencedWriter(options: {
  settings: KafkaSettings;
  /** Without the prefix. */
  name: string;
  topic: string;
  partition: number;
  log: Logger;
}): Promise<FencedWriter> {
  const { settings, topic, partition } = options;
  const producer = createProducer(options);
  try {
    await producer.connect();
    // kafkajs registers the name at the first transaction.
    await (await producer.transaction()).abort();
  } catch (error) {
    await disconnect(producer);
    throw unavailable(error);
  }
  return {
    async append(messages) {
      try {
        const transaction = await producer.transaction();
        for (const part of inParts(messages)) {
          const wire = part.map((message) => toWire(message, partition));
          await transaction.send({
            topic: withPrefix(settings, topic),
            acks: -1,
            timeout: requestTimeoutMs,
            messages: wire,
          });
        }
        await transaction.commit();
      } catch (error) {
        throw unavailable(error);
      }
    },
    close: () => disconnect(producer),
  };
}

function createProducer(options: { settings: KafkaSettings; name: string; log: Logger }): Producer {
  const { settings, name, log } = options;
  calmRequestQueues();
  const kafka = new kafkajs.Kafka({
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    ssl: settings.ssl,
    sasl: settings.sasl,
    connectionTimeout: connectionTimeoutMs,
    authenticationTimeout: authenticationTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry,
    logCreator: () => forwarded(log),
  });
  return kafka.producer({
    transactionalId: withPrefix(settings, name),
    transactionTimeout: transactionTimeoutMs,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry,
  });
}

/** The caller gets the failures as errors. kafkajs's own lines are only for debugging. */
function forwarded(log: Logger): (entry: { log: { message: string } }) => void {
  return (entry) => log.trace(`kafkajs: ${entry.log.message}`);
}

function* inParts(messages: readonly FencedMessage[]): Generator<FencedMessage[]> {
  let part: FencedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.key.length + message.value.length;
    if (part.length > 0 && bytes + size > requestBytesMax) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function toWire({ key, value, headers, timestampMs }: FencedMessage, partition: number): Message {
  return { key, value, headers: { ...headers }, timestamp: String(timestampMs), partition };
}

function unavailable(error: unknown): Error {
  return appError('KAFKA_UNAVAILABLE', { reason: errorMessage(error) }, { cause: error });
}

async function disconnect(producer: Producer): Promise<void> {
  await producer.disconnect().catch(() => {
    // The writer is unusable anyway, and its successor fences it.
  });
}

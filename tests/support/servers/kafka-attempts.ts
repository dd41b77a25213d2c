/**
 * Tries one operation of Kafka's protocol as one principal, and reports whether the broker allows it. It
 * changes nothing.
 */
import kafkajs from 'kafkajs';
import { kafkaFields, loadConfig } from '../../../services/shared/config/index.ts';
import { fetchOnce } from '../../../services/shared/kafka/consumer/fetch.ts';
import { createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { createCluster } from '../../../services/shared/kafka/kafkajs/cluster.ts';
import type { KafkaBroker } from '../../../services/shared/kafka/kafkajs/library-types.ts';
import {
  type ProduceResponsePartition,
  produceRequest,
} from '../../../services/shared/kafka/protocol/produce-protocol.ts';
import { withPrefix } from '../../../services/shared/kafka/settings.ts';
import { quietLog } from '../records/kafka.ts';
import { unique } from './stack.ts';

/**
 * Names have no prefix of the installation. Each operation resolves with true if the principal is authorized.
 */
export interface Attempts {
  write(topic: string): Promise<boolean>;
  read(topic: string): Promise<boolean>;
  /** Reads offsets of the group. */
  describeGroup(group: string): Promise<boolean>;
  /** Commits offsets in the group. */
  commit(group: string): Promise<boolean>;
  transaction(transactionalId: string): Promise<boolean>;
  createTopic(): Promise<boolean>;
  deleteTopic(topic: string): Promise<boolean>;
  close(): Promise<void>;
}

const topicDenied = 29;
const timeoutMs = 5_000;
const fetchLimits = { maxWaitMs: 0, maxBytes: 1_000 };

export async function openAttempts(env: Readonly<Record<string, string>>): Promise<Attempts> {
  const settings = createKafkaConfig(loadConfig(env, kafkaFields), 'attempts');
  const wire = (name: string) => withPrefix(settings, name);
  const cluster = createCluster(settings, { log: quietLog, retries: 0 });
  await cluster.connect();
  await cluster.refreshMetadata();
  const broker = await cluster.findBroker({ nodeId: '1' });
  const kafka = new kafkajs.Kafka({
    brokers: [...settings.brokers],
    sasl: settings.sasl,
    ssl: settings.ssl,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  await admin.connect();
  return {
    write: (topic) => write(broker, wire(topic)),
    async read(topic) {
      const wanted = [{ topic: wire(topic), partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 }];
      const [answer] = await fetchOnce(broker, wanted, fetchLimits);
      return answer!.errorCode !== topicDenied;
    },
    describeGroup: (group) => authorized(() => broker.offsetFetch({ groupId: wire(group), topics: [] })),
    commit(group) {
      // The topic does not exist. If the group allows the commit, the broker refuses it because of the topic.
      const topics = [{ topic: unique('nobody-'), partitions: [{ partition: 0, offset: '0' }] }];
      const asked = { groupId: wire(group), memberId: '', groupGenerationId: -1, topics };
      return authorized(() => broker.offsetCommit(asked), 'GROUP_AUTHORIZATION_FAILED');
    },
    transaction: (transactionalId) =>
      authorized(async () => {
        const producer = kafka.producer({ transactionalId: wire(transactionalId), retry: { retries: 0 } });
        await producer.connect();
        try {
          await (await producer.transaction()).abort();
        } finally {
          await producer.disconnect();
        }
      }),
    createTopic: () =>
      authorized(() =>
        admin.createTopics({
          validateOnly: true,
          waitForLeaders: false,
          topics: [{ topic: wire(unique('orders.new-')) }],
        }),
      ),
    deleteTopic: (topic) => authorized(() => admin.deleteTopics({ topics: [wire(topic)] })),
    async close() {
      await Promise.all([cluster.disconnect(), admin.disconnect()]);
    },
  };
}

/**
 * The request has no records. An authorized writer gets an error about the request, and nothing is written.
 */
async function write(broker: KafkaBroker, topic: string): Promise<boolean> {
  const batch = { topic, partition: 0, records: Buffer.alloc(0) };
  const request = produceRequest([batch], timeoutMs, () => undefined);
  const [answer] = (await broker.connectionPool.send(request)) as ProduceResponsePartition[];
  return answer!.errorCode !== topicDenied;
}

/**
 * Returns false if the broker refuses the call as not authorized. Any other error is thrown, unless it only
 * must not be `denial`.
 */
async function authorized(call: () => Promise<unknown>, denial?: string): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    const types = typesOf(error);
    if (denial !== undefined) return !types.includes(denial);
    if (types.some((type) => type.endsWith('_AUTHORIZATION_FAILED'))) return false;
    // This is the error of kafkajs if every broker denies the query for a coordinator.
    if ((error as Error).name === 'KafkaJSGroupCoordinatorNotFound') return false;
    throw error;
  }
}

/** The codes of an error, of its causes, and of the errors that it lists. */
function typesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { type, cause, errors } = error as { type?: string; cause?: unknown; errors?: unknown[] };
  return [...(type === undefined ? [] : [type]), ...typesOf(cause), ...(errors ?? []).flatMap(typesOf)];
}

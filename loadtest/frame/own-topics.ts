/** Topics and a database for this run only. The bench deletes them at the end. */
import kafkajs from 'kafkajs';
import { registerSchemas } from '../../services/shared/codec/index.ts';
import {
  createAdmin,
  createKafkaConfig,
  type KafkaAdmin,
  type KafkaSettings,
} from '../../services/shared/kafka/index.ts';
import { createLogger, type Logger } from '../../services/shared/log/index.ts';
import { backoff, retry } from '../../services/shared/retry/index.ts';
import { type StackInfo, stackEnv } from '../../stack/index.ts';
import { applyTopics, COMMANDS, EVENTS, planTopics, STATE, topicCatalogue } from '../../topics/index.ts';
import { databaseUrl, dropDatabase, makeDatabase } from '../store/database.ts';

export interface OwnTopics {
  readonly settings: KafkaSettings;
  readonly admin: KafkaAdmin;
  readonly log: Logger;
  readonly mysqlUrl: string;
  /** Environment of a service for these topics and this database. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A broker that has just created a topic may not know its leaders yet. */
const leadersKnown = { attempts: 30, backoff: backoff({ initialMs: 200, maxMs: 1_000 }) };

/** @param name part of the topic prefix and of the database name; letters and dashes only */
export async function openTopics(stack: StackInfo, name: string): Promise<OwnTopics> {
  const log = createLogger({ service: 'bench', level: 'error', instanceId: 'bench' });
  const kafkaTopicPrefix = `bench-${name}-${process.pid}.`;
  const kafkaBrokers = stack.kafkaBrokers.split(',');
  const settings = createKafkaConfig({ kafkaBrokers, kafkaTopicPrefix }, 'bench');
  const admin = createAdmin(settings);
  await registerSchemas({ registryUrl: stack.schemaRegistryUrl });
  await applyTopics(admin, planTopics(topicCatalogue, [], { replicationFactor: 1 }));
  for (const topic of [COMMANDS, EVENTS, STATE]) await retry(() => admin.endOffsets(topic), leadersKnown);
  const mysqlUrl = databaseUrl(stack.mysqlUrl, name.replaceAll('-', '_'));
  await makeDatabase(mysqlUrl);
  return {
    settings,
    admin,
    log,
    mysqlUrl,
    env: {
      ...stackEnv(stack),
      KAFKA_TOPIC_PREFIX: kafkaTopicPrefix,
      MYSQL_URL: mysqlUrl,
      ADMIN_PORT: '0',
      INSTANCE_ID: `bench-${name}`,
      LOG_LEVEL: 'info',
    },
    async close() {
      await admin.close();
      await deleteTopics(kafkaBrokers, kafkaTopicPrefix);
      await dropDatabase(mysqlUrl);
    },
  };
}

/** Deletes every topic with this prefix. */
async function deleteTopics(brokers: string[], prefix: string): Promise<void> {
  const client = new kafkajs.Kafka({ clientId: 'bench', brokers, logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

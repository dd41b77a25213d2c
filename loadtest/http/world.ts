/** Topics, a database, ingestion and a worker of this bench's own, on the local stack; gone again at the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { createLocalIssuer, type LocalIssuer } from '../../services/shared/auth/index.ts';
import { registerSchemas } from '../../services/shared/codec/index.ts';
import { createAdmin, createKafkaConfig, type KafkaAdmin } from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { createMysql, type Mysql } from '../../services/shared/mysql/index.ts';
import { type StackInfo, stackEnv } from '../../stack/index.ts';
import { applyTopics, COMMANDS, planTopics, topicCatalogue } from '../../topics/index.ts';
import { databaseUrl, dropDatabase, inspectServer, makeDatabase } from '../store/database.ts';
import { skuCount } from '../store/order-stream.ts';
import type { Target } from './job.ts';
import { startService } from './service-process.ts';
import { startSlowProxy } from './slow-proxy.ts';

export interface WorldOptions {
  /** Names topics and database. */
  readonly name: string;
  /** Later answers of the database, for the worker alone; 0 for none. */
  readonly databaseDelayMs?: number;
  readonly workerEnv?: Readonly<Record<string, string>>;
  readonly ingestionEnv?: Readonly<Record<string, string>>;
  /** Customers that have a token. */
  readonly customers?: number;
}

export interface World {
  readonly target: Target;
  readonly tokens: readonly string[];
  readonly skuCount: number;
  readonly servicePid: number;
  readonly databasePid: number | null;
  /** Environment of any service that is to work in here. */
  readonly env: Readonly<Record<string, string>>;
  /** Commands in the log, and those whose outcome is published. */
  progress(): Promise<{ produced: number; published: number }>;
  /** Resolves once every command has its outcome; rejects when that takes too long. */
  quiesce(): Promise<void>;
  /** Orders whose idempotency key begins so. */
  countOrders(keyPrefix: string): Promise<number>;
  close(): Promise<void>;
}

const customersDefault = 16;
const tokenSeconds = 7_200;
const quiesceDeadlineMs = 60_000;
const pollMs = 50;

export async function openWorld(stack: StackInfo, options: WorldOptions): Promise<World> {
  const log = createLogger({ service: 'bench', level: 'error', instanceId: 'bench' });
  const topicPrefix = `bench-${options.name}-${process.pid}.`;
  const mysqlUrl = databaseUrl(stack.mysqlUrl, `http_${options.name}`);
  const brokers = stack.kafkaBrokers.split(',');
  const admin = createAdmin(
    createKafkaConfig({ kafkaBrokers: brokers, kafkaTopicPrefix: topicPrefix }, 'bench'),
  );
  await registerSchemas({ registryUrl: stack.schemaRegistryUrl });
  await applyTopics(admin, planTopics(topicCatalogue, [], { replicationFactor: 1 }));
  await makeDatabase(mysqlUrl);
  const { pid: databasePid } = await inspectServer(stack.mysqlUrl);
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-http-'));
  const issuer = await createLocalIssuer(dir);
  const env = {
    ...stackEnv(stack),
    KAFKA_TOPIC_PREFIX: topicPrefix,
    MYSQL_URL: mysqlUrl,
    ADMIN_PORT: '0',
    LOG_LEVEL: 'info',
  };
  const ingestionEnv = {
    ...env,
    PORT: '0',
    INSTANCE_ID: `bench-${options.name}`,
    TICKET_SECRET: 'the secret of the bench',
    JWKS: issuer.jwksPath,
    RATE_ORDERS_PER_SECOND: '1000000',
    RATE_BURST_ORDERS: '1000000',
    ...options.ingestionEnv,
  };
  const database = new URL(mysqlUrl);
  const proxy = await startSlowProxy(
    { host: database.hostname, port: Number(database.port) },
    options.databaseDelayMs ?? 0,
  );
  if (options.databaseDelayMs !== undefined) database.port = String(proxy.port);
  const worker = await startService(
    'worker',
    { ...env, MYSQL_URL: database.href, INSTANCE_ID: 'bench', ...options.workerEnv },
    'worker is ready',
  );
  const ingestion = await startService('ingestion', ingestionEnv, 'The API listens');
  const api = new URL(String(ingestion.line['url']));
  const tokens = await signTokens(issuer, options.customers ?? customersDefault);
  const mysql = createMysql({ url: mysqlUrl, log, poolSize: 2, queryTimeoutMs: 30_000 });
  return {
    target: { host: api.hostname, port: Number(api.port) },
    tokens,
    skuCount,
    servicePid: ingestion.pid,
    databasePid,
    env,
    progress: () => progressOf(admin, mysql),
    quiesce: () => quiesce(admin, mysql),
    async countOrders(keyPrefix) {
      const [row] = await mysql.pool.rows<{ n: number }>(
        'SELECT COUNT(*) AS n FROM orders WHERE idempotency_key LIKE ?',
        [`${keyPrefix}%`],
      );
      return row!.n;
    },
    async close() {
      await ingestion.stop();
      await worker.stop();
      proxy.close();
      await Promise.all([mysql.close(), admin.close()]);
      await deleteTopics(brokers, topicPrefix);
      await dropDatabase(mysqlUrl);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function signTokens(issuer: LocalIssuer, count: number): Promise<string[]> {
  const scopes = ['orders:write', 'orders:read'];
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      issuer.sign({ customerId: `customer-${index}`, scopes, ttlSeconds: tokenSeconds }),
    ),
  );
}

async function progressOf(admin: KafkaAdmin, mysql: Mysql): Promise<{ produced: number; published: number }> {
  const ends = await admin.endOffsets(COMMANDS);
  const [row] = await mysql.pool.rows<{ published: number | null }>(
    'SELECT CAST(SUM(published_offset) AS SIGNED) AS published FROM lane_positions',
  );
  const produced = [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
  return { produced, published: row?.published ?? 0 };
}

async function quiesce(admin: KafkaAdmin, mysql: Mysql): Promise<void> {
  const deadlineMs = performance.now() + quiesceDeadlineMs;
  for (;;) {
    const { produced, published } = await progressOf(admin, mysql);
    if (produced === published) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${produced - published} of ${produced} commands had no outcome in time`);
    await sleep(pollMs);
  }
}

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

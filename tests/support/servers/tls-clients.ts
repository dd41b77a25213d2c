/** How services and the command line connect. Each function resolves if the server can be used. */
import type { RowDataPacket } from 'mysql2/promise';
import { withDatabase } from '../../../cli/database.ts';
import { openLogReader } from '../../../cli/kafka/log-reader.ts';
import { createRegistry } from '../../../services/shared/codec/registry/client.ts';
import { type Env, kafkaFields, loadConfig } from '../../../services/shared/config/index.ts';
import { createKafkaConfig } from '../../../services/shared/kafka/index.ts';
import { createCluster } from '../../../services/shared/kafka/kafkajs/cluster.ts';
import { kafkaUnavailable } from '../../../services/shared/kafka/unavailable.ts';
import type { Logger } from '../../../services/shared/log/index.ts';
import { createMysql } from '../../../services/shared/mysql/index.ts';
import { createRedis } from '../../../services/shared/redis/index.ts';
import { quietLog } from '../records/kafka.ts';

export interface Client {
  /** Connects to the brokers and reads their metadata. */
  useKafka(env: Env): Promise<void>;
  /** The cipher of a connection to the database; empty without encryption. */
  cipherOf(mysqlUrl: string): Promise<string>;
}

const cipherSql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

export const service: Client = {
  async useKafka(env) {
    const settings = createKafkaConfig(loadConfig(env, kafkaFields), 'tls');
    const cluster = createCluster(settings, { log: quietLog, retries: 0 });
    try {
      await cluster.connect();
      await cluster.refreshMetadata();
    } catch (error) {
      throw kafkaUnavailable(error);
    } finally {
      await cluster.disconnect();
    }
  },
  async cipherOf(url) {
    const mysql = createMysql({ url, log: quietLog });
    try {
      return (await mysql.pool.rows<{ Value: string }>(cipherSql))[0]!.Value;
    } finally {
      await mysql.close();
    }
  },
};

export const commandLine: Client = {
  async useKafka(env) {
    const reader = await openLogReader(loadConfig(env, kafkaFields));
    await reader.close();
  },
  cipherOf: (url) =>
    withDatabase(url, async (db) => (await db.query<RowDataPacket[]>(cipherSql))[0][0]!['Value'] as string),
};

/** Resolves with the answer of Redis, or with the fault that the client logs. */
export async function askRedis(url: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const log = { debug: () => undefined, warn: ({ fault }: { fault: string }) => resolve(fault) };
  const redis = createRedis({ url, log: log as unknown as Logger, commandTimeoutMs: 2_000 });
  redis.client.once('ready', () => redis.run((client) => client.ping(), 'no answer').then(resolve));
  try {
    return await promise;
  } finally {
    await redis.close();
  }
}

/** Asks the registry both by requests of our own and by the library. Both answer that nothing is there. */
export async function askRegistry(url: string): Promise<void> {
  const registry = createRegistry(url);
  const failures = await Promise.allSettled([
    registry.compatibilityOf('nobody-value'),
    registry.idOf('nobody-value', { type: 'record', name: 'Nobody', fields: [] }),
  ]);
  const messages = failures.map((each) => (each.status === 'rejected' ? String(each.reason) : 'ok'));
  if (messages.some((message) => message !== 'ok')) throw new Error(messages.join('\n'));
}

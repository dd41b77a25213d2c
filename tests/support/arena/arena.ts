/**
 * An arena has one database, one set of topics and one catalogue. Real worker processes run in it, and tests
 * disturb and check them. An arena reads results only from the topics and the tables, never from inside a
 * worker.
 */

import { migrate } from '../../../services/orders-db/index.ts';
import { type Codecs, loadCodecs, registerSchemas } from '../../../services/shared/codec/index.ts';
import {
  createAdmin,
  createKafkaConfig,
  createPartitionReader,
  type KafkaAdmin,
  type KafkaSettings,
} from '../../../services/shared/kafka/index.ts';
import { createLogger, type Logger } from '../../../services/shared/log/index.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import {
  applyTopics,
  COMMANDS,
  DEAD_LETTERS,
  EVENTS,
  planTopics,
  topicCatalogue,
} from '../../../topics/index.ts';
import { until } from '../until.ts';
import { runVerify, type VerifyResult } from './processes/verify.ts';
import { spawnWorker, type WorkerProcess } from './processes/worker-process.ts';

interface ArenaServers {
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  /** Names the database of this arena. */
  readonly mysqlUrl: string;
  readonly redisUrl: string;
}

export interface ArenaOptions extends ArenaServers {
  readonly topicPrefix: string;
  readonly replicationFactor?: number;
  /** SKU names and their initial stock. */
  readonly stock: ReadonlyMap<string, number>;
}

export interface Arena {
  readonly options: ArenaOptions;
  readonly mysql: Mysql;
  readonly admin: KafkaAdmin;
  readonly codecs: Codecs;
  readonly log: Logger;
  /** Environment of any service in this arena. */
  readonly env: Readonly<Record<string, string>>;
  /** A worker in this arena; `entry` is the main file of another build of it. */
  startWorker(env?: Record<string, string>, entry?: string): Promise<WorkerProcess>;
  /** Waits until every command in the log is decided and its outcome published. */
  quiesce(deadlineMs?: number): Promise<void>;
  /** Numbers of commands in the log, decided commands, and published ones, summed over all lanes. */
  progress(): Promise<{ produced: number; decided: number; published: number }>;
  /** `orderstream verify`, as an operator would run it. */
  verify(): Promise<VerifyResult>;
  /** Source position → event ids and bytes of every copy in the outcome topic. */
  readEvents(): Promise<Map<string, Buffer[]>>;
  /** Kills every running worker, so that no worker of a failed test disturbs the next one. */
  killWorkers(): Promise<void>;
  close(): Promise<void>;
}

/** Price of each product, in minor units of EUR. */
export const unitPrice = 250;

/** Creates topics, tables, schemas and products. */
export async function createArena(options: ArenaOptions): Promise<Arena> {
  const log = createLogger({ service: 'arena', level: 'error', instanceId: 'arena' });
  const { kafkaBrokers, schemaRegistryUrl, mysqlUrl, redisUrl, topicPrefix, replicationFactor = 1 } = options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'arena',
  );
  const admin = createAdmin(settings);
  await migrate({ url: mysqlUrl, log });
  const mysql = createMysql({ url: mysqlUrl, log, poolSize: 4 });
  await seedCatalogue(mysql, options.stock);
  await logCommits(mysql);
  await makeTopics(settings, replicationFactor);
  await registerSchemas({ registryUrl: schemaRegistryUrl });
  const codecs = await loadCodecs({ registryUrl: schemaRegistryUrl, log });
  const workers: WorkerProcess[] = [];
  let started = 0;
  const env = {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    KAFKA_SESSION_TIMEOUT_MS: '2000',
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    MYSQL_URL: mysqlUrl,
    REDIS_URL: redisUrl,
    ADMIN_PORT: '0',
    NODE_ENV: 'test',
  };

  const arena: Arena = {
    options,
    mysql,
    admin,
    codecs,
    log,
    env,
    async startWorker(extra = {}, entry) {
      started += 1;
      const worker = await spawnWorker({ ...env, INSTANCE_ID: `w${started}`, ...extra }, entry);
      workers.push(worker);
      return worker;
    },
    async progress() {
      const ends = await admin.endOffsets(COMMANDS);
      const produced = [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
      const [row] = await mysql.pool.rows<{ decided: number | null; published: number | null }>(
        'SELECT CAST(SUM(next_offset) AS SIGNED) AS decided, CAST(SUM(published_offset) AS SIGNED) AS published FROM lane_positions',
      );
      return { produced, decided: row?.decided ?? 0, published: row?.published ?? 0 };
    },
    async quiesce(deadlineMs = 60_000) {
      await until(
        async () => {
          const { produced, decided, published } = await arena.progress();
          return produced === decided && decided === published;
        },
        { what: 'every command being decided and its outcome published', deadlineMs, everyMs: 100 },
      );
    },
    verify: () => runVerify(env),
    readEvents: () => readEvents(arena, settings),
    async killWorkers() {
      await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    },
    async close() {
      await arena.killWorkers();
      await Promise.all([admin.close(), mysql.close()]);
    },
  };
  return arena;
}

/**
 * Uses a separate admin client. The client of kafkajs fails as long as any topic that it ever queried is
 * missing.
 */
async function makeTopics(settings: KafkaSettings, replicationFactor: number): Promise<void> {
  const admin = createAdmin(settings);
  try {
    await applyTopics(admin, planTopics(topicCatalogue, [], { replicationFactor }));
    for (const topic of [COMMANDS, EVENTS, DEAD_LETTERS]) {
      await until(() => admin.endOffsets(topic), { what: `every leader of ${topic} being known` });
    }
  } finally {
    await admin.close();
  }
}

async function seedCatalogue({ pool }: Mysql, stock: ReadonlyMap<string, number>): Promise<void> {
  const skus = [...stock.keys()];
  if (skus.length === 0) return;
  const products = skus.map((sku) => `('${sku}','Product ${sku}',${unitPrice},'EUR',1,0)`).join(',');
  await pool.write(
    `INSERT INTO products (sku,name,unit_price,currency,version,updated_at_ms) VALUES ${products}`,
  );
  const levels = skus.map((sku) => `('${sku}',${stock.get(sku)},${stock.get(sku)})`).join(',');
  await pool.write(`INSERT INTO stock (sku,initial,available) VALUES ${levels}`);
  await pool.write('UPDATE catalogue_state SET version = 1 WHERE id = 1');
}

/** Workers delete outbox rows after they publish them. These copies remain, in the order of their inserts. */
async function logCommits({ pool }: Mysql): Promise<void> {
  await pool.write(
    'CREATE TABLE outbox_log (id BIGINT AUTO_INCREMENT PRIMARY KEY, partition_id INT NOT NULL, from_offset BIGINT NOT NULL, to_offset BIGINT NOT NULL, epoch BIGINT NOT NULL)',
  );
  await pool.write(
    'CREATE TRIGGER outbox_logged AFTER INSERT ON outbox FOR EACH ROW INSERT INTO outbox_log (partition_id, from_offset, to_offset, epoch) ' +
      'VALUES (NEW.partition_id, NEW.from_offset, NEW.to_offset, NEW.epoch)',
  );
}

async function readEvents(arena: Arena, settings: KafkaSettings): Promise<Map<string, Buffer[]>> {
  const ends = await arena.admin.endOffsets(EVENTS);
  const wanted = new Map(
    [...ends].filter(([, { low, high }]) => high > low).map(([p, { high }]) => [p, high]),
  );
  const events = new Map<string, Buffer[]>();
  const reader = createPartitionReader({
    settings,
    topics: [EVENTS],
    from: 'earliest',
    log: arena.log,
    onRecords(_topic, partition, records) {
      for (const record of records) {
        const id = String(record.headers.ce_id);
        const bytes = Buffer.concat([
          record.key ?? Buffer.alloc(0),
          record.value!,
          Buffer.from(JSON.stringify(record.headers)),
        ]);
        const copies = events.get(id);
        if (copies === undefined) events.set(id, [bytes]);
        else copies.push(bytes);
        if (record.offset + 1n >= wanted.get(partition)!) wanted.delete(partition);
      }
    },
  });
  await reader.start();
  await until(() => wanted.size === 0, { what: 'the outcome topic being read to its end' });
  await reader.stop();
  return events;
}

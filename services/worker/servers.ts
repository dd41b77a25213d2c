/** The connections of a worker: opened together, closed together. */
import { DEAD_LETTERS, EVENTS } from '../../topics/catalogue.ts';
import { loadCodecs } from '../shared/codec/index.ts';
import { createAccumulator, createAdmin, createKafkaConfig, createLogProbe } from '../shared/kafka/index.ts';
import type { ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql } from '../shared/mysql/index.ts';
import { createRedis } from '../shared/redis/index.ts';
import { createSessionKeeper } from './batching/session-keeper.ts';
import type { workerFields } from './config.ts';

export type WorkerContext = ServiceContext<typeof workerFields>;
export type WorkerServers = Awaited<ReturnType<typeof connectServers>>;

const producerCloseMs = 500;
/** No caller waits for these writes, and a change that may be lost is retried. */
const redisTimeoutMs = 1_000;

/** Connects to all servers that a worker needs. Rejects if one that it needs to start is unavailable or incompatible. */
export async function connectServers({ config, log, metrics }: WorkerContext) {
  const settings = createKafkaConfig(config, `worker-${config.instanceId}`);
  const mysql = createMysql({ url: config.mysqlUrl, poolSize: 2, log, metrics });
  return {
    settings,
    mysql,
    /** For claims and releases. The writers have their own sessions. */
    sessions: createSessionKeeper({ mysql, log }),
    codecs: await loadCodecs({ registryUrl: config.schemaRegistryUrl, log }),
    redis: createRedis({
      url: config.redisUrl,
      keyPrefix: config.kafkaTopicPrefix,
      log,
      metrics,
      commandTimeoutMs: redisTimeoutMs,
    }),
    accumulator: await createAccumulator({ settings, log, metrics, topics: [EVENTS, DEAD_LETTERS] }),
    admin: createAdmin(settings),
    /** Only for the result topic: all requests of an admin fail while a topic that it knows is missing. */
    eventsAdmin: createAdmin(settings),
    /** Reads the ids of the logs every second. */
    probe: createLogProbe(settings),
  };
}

/** Closes everything. The next owners of the lanes publish what is not acknowledged by now. */
export async function closeServers(servers: WorkerServers): Promise<void> {
  const { accumulator, admin, eventsAdmin, probe, redis, sessions, mysql } = servers;
  probe.close();
  await Promise.all([
    accumulator.close(producerCloseMs),
    admin.close(),
    eventsAdmin.close(),
    redis.close(),
    sessions.close(),
  ]);
  await mysql.close();
}

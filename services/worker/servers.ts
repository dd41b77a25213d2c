/** Opens and closes all connections of a worker. */
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
/** Long enough for a slow Redis: no caller waits for these writes. The worker retries failed changes of orders. */
const redisTimeoutMs = 1_000;

/**
 * Connects to all servers of a worker. Rejects if a server that is required at the start is unavailable or
 * incompatible.
 */
export async function connectServers({ config, live, log, metrics }: WorkerContext) {
  const settings = createKafkaConfig(config, `worker-${config.instanceId}`);
  const mysql = createMysql({ url: () => live.now.mysqlUrl, poolSize: 2, log, metrics });
  return {
    settings,
    mysql,
    /** The session for claims. The writers have their own sessions. */
    sessions: createSessionKeeper({ mysql, log }),
    codecs: await loadCodecs({ registryUrl: config.schemaRegistryUrl, log }),
    redis: createRedis({
      url: () => live.now.redisUrl,
      keyPrefix: config.kafkaTopicPrefix,
      log,
      metrics,
      commandTimeoutMs: redisTimeoutMs,
    }),
    accumulator: await createAccumulator({ settings, log, metrics, topics: [EVENTS, DEAD_LETTERS] }),
    admin: createAdmin(settings),
    /**
     * The admin for the outcome topic only. If a topic that an admin has used is missing, all requests of that admin
     * fail.
     */
    eventsAdmin: createAdmin(settings),
    /** Reads the ids of the logs every second. */
    probe: createLogProbe(settings),
  };
}

/** Closes all connections. The next owners of the lanes publish the outcomes that are not acknowledged yet. */
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

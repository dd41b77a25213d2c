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
export type Servers = Awaited<ReturnType<typeof connectServers>>;

const producerCloseMs = 500;
/** Nobody waits for what is written there, and a change that seems lost is written again. */
const redisTimeoutMs = 1_000;

/** Connects to all servers that a worker needs. Rejects where one that it cannot begin without is away or does not fit. */
export async function connectServers({ config, log, metrics }: WorkerContext) {
  const settings = createKafkaConfig(config, `worker-${config.instanceId}`);
  const mysql = createMysql({ url: config.mysqlUrl, poolSize: 2, log, metrics });
  return {
    settings,
    mysql,
    /** For claims and releases; the writers have their own. */
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
    /** For the result topic alone: what is asked of one admin fails while a topic that it knows is gone. */
    eventsAdmin: createAdmin(settings),
    /** Asks every second which logs these are. */
    probe: createLogProbe(settings),
  };
}

/** Closes everything; what was not acknowledged by now is left to the lanes' next owners. */
export async function closeServers(servers: Servers): Promise<void> {
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

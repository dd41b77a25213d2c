/** Wires one worker: group consumer → lanes → writers → publisher, and the order in which they end. */
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS } from '../../topics/catalogue.ts';
import { loadCodecs } from '../shared/codec/index.ts';
import { armFailpoints, failpoint } from '../shared/failpoint/index.ts';
import {
  createAccumulator,
  createAdmin,
  createGroupConsumer,
  createKafkaConfig,
} from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { createMysql } from '../shared/mysql/index.ts';
import { createRedis } from '../shared/redis/index.ts';
import { defaultBatchLimits } from './batch.ts';
import { type ClaimDeps, claimLanes } from './claims.ts';
import { createOffsetCommits, type OffsetCommits } from './commits.ts';
import type { workerFields } from './config.ts';
import { createEngine } from './engine.ts';
import { watchLanes } from './lane-watch.ts';
import { readLastSourceOffsets } from './last-outcomes.ts';
import { Ownership } from './ownership.ts';
import { createPublisher } from './publisher.ts';
import { createSessionKeeper, type SessionKeeper } from './session-keeper.ts';
import { createStatusCache } from './status-cache.ts';
import { releaseLanes } from './store/positions.ts';

type Context = ServiceContext<typeof workerFields>;

/** What is committed gets this long to be acknowledged when the worker stops; the next owner publishes the rest. */
const publishOnStopMs = 1_500;
const commitOnStopMs = 500;
const consumerStopMs = 1_500;
const producerCloseMs = 500;

/** Starts a worker; resolves once it has joined its group. */
export async function startWorker(context: Context): Promise<Running> {
  const { config, log, metrics, lifecycle, fatal } = context;
  armFailpoints(config.failpoints, {
    production: config.nodeEnv === 'production',
    log: (line) => log.warn(line),
  });
  const servers = await connectServers(context);
  const { settings, mysql, codecs, accumulator, admin, sessions } = servers;
  const publisher = createPublisher({ accumulator, metrics, log });
  const statusCache = createStatusCache({ redis: servers.redis });
  const engine = createEngine({
    topic: COMMANDS,
    writers: config.writers,
    limits: { ...defaultBatchLimits, recordsMax: config.batchOrdersMax },
    paymentWindowMs: config.paymentWindowMs,
    mysql,
    codecs,
    publisher,
    metrics,
    log,
    onFenceLost: (lane) => void ownership.reclaim(lane),
    onAcknowledged: ({ decision, nowMs }) => statusCache.write(decision, nowMs),
  });
  const claimDeps: ClaimDeps = {
    topic: COMMANDS,
    groupId: GROUPS.worker,
    owner: config.instanceId,
    sessions,
    admin,
    lastSourceOffsets: (partitions) => readLastSourceOffsets({ settings, admin, log }, EVENTS, partitions),
    publisher,
    verdicts: engine.verdicts,
    metrics,
    log,
    onOpened: (lane) => ownership.opened(lane),
  };
  const ownership = new Ownership({
    topic: COMMANDS,
    log,
    claim: (lanes, signal) => claimLanes(claimDeps, lanes, signal),
    onGained: (lane) => engine.add(lane),
    onLost: (lane) => engine.remove(lane),
    onWork: (lane) => engine.wake(lane),
  });
  const handlers = ownership.handlers(fatal, () => void failpoint('fetched'));
  const consumer = createGroupConsumer({
    settings,
    groupId: GROUPS.worker,
    topics: [COMMANDS],
    log,
    metrics,
    handlers,
  });
  ownership.attach(consumer);
  const lanes = () => ownership.lanes.values();
  const commits = createOffsetCommits({ topic: COMMANDS, lanes, consumer, metrics, log });
  const stopWatching = watchLanes({ lanes, lifecycle, metrics, log });
  await consumer.start();
  return {
    async stop() {
      stopWatching();
      ownership.stop();
      await engine.stop();
      await drain({ log, ownership, commits, sessions });
      await consumer.stop(consumerStopMs);
      await closeServers(servers);
    },
  };
}

async function connectServers({ config, log, metrics }: Context) {
  const settings = createKafkaConfig(config, `worker-${config.instanceId}`);
  const mysql = createMysql({ url: config.mysqlUrl, poolSize: 2, log, metrics });
  return {
    settings,
    mysql,
    /** For claims and releases; the writers have their own. */
    sessions: createSessionKeeper({ mysql, log }),
    codecs: await loadCodecs({ registryUrl: config.schemaRegistryUrl, log }),
    redis: createRedis({ url: config.redisUrl, log, metrics }),
    accumulator: await createAccumulator({ settings, log, metrics, topics: [EVENTS, DEAD_LETTERS] }),
    admin: createAdmin(settings),
  };
}

async function closeServers(servers: Awaited<ReturnType<typeof connectServers>>): Promise<void> {
  const { accumulator, admin, redis, sessions, mysql } = servers;
  await Promise.all([accumulator.close(producerCloseMs), admin.close(), redis.close(), sessions.close()]);
  await mysql.close();
}

/** After the writers ended: lets what is committed be acknowledged, moves the offsets, and leaves the lanes in good order. */
async function drain(deps: {
  log: Logger;
  ownership: Ownership;
  commits: OffsetCommits;
  sessions: SessionKeeper;
}): Promise<void> {
  const { log, ownership, commits, sessions } = deps;
  const lanes = [...ownership.lanes.values()].filter((lane) => lane.state === 'running');
  await within(publishOnStopMs, Promise.all(lanes.map((lane) => lane.published)));
  await within(commitOnStopMs, commits.commit());
  commits.stop();
  try {
    await releaseLanes(await sessions.open(), COMMANDS, lanes);
  } catch (error) {
    // The next owner then takes the lanes for those of a dead worker, and begins with small batches.
    log.warn({ err: error }, 'lanes could not be released');
  }
  ownership.closeAll();
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitMs).unref())]);
}

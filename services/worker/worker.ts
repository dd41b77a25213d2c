/** Wires one worker: group consumer → lanes → writers → publisher, and the order in which they end. */
import { COMMANDS, EVENTS, GROUPS } from '../../topics/catalogue.ts';
import { armFailpoints, failpoint } from '../shared/failpoint/index.ts';
import { createGroupConsumer, type GroupConsumer } from '../shared/kafka/index.ts';
import type { Running } from '../shared/lifecycle/index.ts';
import { defaultBatchLimits } from './batch.ts';
import { claimLanes } from './claims.ts';
import { createOffsetCommits } from './commits.ts';
import { drainLanes, leaveLanes } from './drain.ts';
import { createEngine, type Engine } from './engine.ts';
import { watchLanes } from './lane-watch.ts';
import { readLastSourceOffsets } from './last-outcomes.ts';
import { Ownership } from './ownership.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { closeServers, connectServers, type Servers, type WorkerContext } from './servers.ts';
import { createStatusCache, type StatusCache } from './status-cache.ts';
import { createWaitReport } from './waits/wait-report.ts';

const topic = COMMANDS;
const consumerStopMs = 1_500;
const heartbeatMsMax = 1_000;

/** Starts a worker; resolves once it has joined its group. */
export async function startWorker(context: WorkerContext): Promise<Running> {
  const { config, log, metrics, lifecycle } = context;
  const production = config.nodeEnv === 'production';
  armFailpoints(config.failpoints, { production, log: (line) => log.warn(line) });
  const servers = await connectServers(context);
  const publisher = createPublisher({ accumulator: servers.accumulator, metrics, log });
  const statusCache = createStatusCache({ redis: servers.redis, codec: servers.codecs.events, metrics });
  const engine = createEngine({
    topic,
    writers: config.writers,
    limits: { ...defaultBatchLimits, recordsMax: config.batchOrdersMax },
    paymentWindowMs: config.paymentWindowMs,
    mysql: servers.mysql,
    codecs: servers.codecs,
    publisher,
    statusCache,
    metrics,
    log,
    onFenceLost: (lane) => void ownership.reclaim(lane),
    onCommitted: ({ statuses }) => statusCache.write(statuses),
  });
  const ownership = createOwnership(context, servers, engine, publisher, statusCache);
  const consumer = createConsumer(context, servers, ownership);
  ownership.attach(consumer);
  const lanes = () => ownership.lanes.values();
  const commits = createOffsetCommits({ topic, lanes, consumer, metrics, log });
  const report = createWaitReport({ topic, owner: config.instanceId, db: servers.mysql.pool, log });
  const stopWatching = watchLanes({ lanes, report, lifecycle, metrics, log, fatal: context.fatal });
  await consumer.start();
  return {
    async stop() {
      stopWatching();
      ownership.stop();
      await engine.stop();
      await drainLanes({ topic, ownership, commits, engine, db: servers.mysql.pool, log });
      await engine.close();
      await consumer.stop(consumerStopMs);
      statusCache.stop();
      await closeServers(servers);
    },
  };
}

function createOwnership(
  context: WorkerContext,
  servers: Servers,
  engine: Engine,
  publisher: Publisher,
  statusCache: StatusCache,
): Ownership {
  const { config, log, metrics } = context;
  const { settings, admin, sessions, mysql } = servers;
  const ownership: Ownership = new Ownership({
    topic,
    log,
    claim: (lanes, signal) =>
      claimLanes(
        {
          topic,
          groupId: GROUPS.worker,
          owner: config.instanceId,
          sessions,
          admin,
          lastSourceOffsets: (partitions) =>
            readLastSourceOffsets({ settings, admin, log }, EVENTS, partitions),
          publisher,
          verdicts: engine.verdicts,
          onUnpublished: (blob) => statusCache.writeStored(blob),
          metrics,
          log,
          onOpened: (lane) => ownership.opened(lane),
          onRefused: (lane) => ownership.retryLater(lane),
        },
        lanes,
        signal,
      ),
    onGained: (lane) => engine.add(lane),
    onLost: async (lane) => {
      await engine.remove(lane);
      await leaveLanes({ topic, db: mysql.pool, log }, [lane]);
    },
    onWork: () => engine.wake(),
  });
  return ownership;
}

function createConsumer(context: WorkerContext, { settings }: Servers, ownership: Ownership): GroupConsumer {
  const { config, log, metrics, fatal } = context;
  return createGroupConsumer({
    settings,
    groupId: GROUPS.worker,
    topics: [topic],
    sessionTimeoutMs: config.sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(heartbeatMsMax, config.sessionTimeoutMs / 4),
    log,
    metrics,
    handlers: ownership.handlers(fatal, () => void failpoint('fetched')),
  });
}

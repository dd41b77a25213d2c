/** Wires one worker: group consumer → lanes → writers → publisher, and the order in which they end. */
import { COMMANDS, GROUPS } from '../../topics/catalogue.ts';
import { armFailpoints, failpoint } from '../shared/failpoint/index.ts';
import { createGroupConsumer, type GroupConsumer } from '../shared/kafka/index.ts';
import type { Running } from '../shared/lifecycle/index.ts';
import { createEngine, type Engine } from './batching/engine.ts';
import { defaultBatchLimits } from './lanes/batch.ts';
import type { Lane } from './lanes/lane.ts';
import { watchLanes } from './lanes/lane-watch.ts';
import { Ownership } from './lanes/partition-assignment.ts';
import { createOffsetCommits } from './publishing/offset-commits.ts';
import { forgetOutcomes } from './publishing/outcome-retention.ts';
import { createPublishProof } from './publishing/publish-proof.ts';
import { createPublisher, type Publisher } from './publishing/publisher.ts';
import { createStatusCache, type StatusCache } from './publishing/status-cache.ts';
import { closeServers, connectServers, type Servers, type WorkerContext } from './servers.ts';
import { claimLanes } from './takeover/claims.ts';
import { drainLanes, leaveLanes } from './takeover/drain.ts';
import { createGuard, type Guard } from './takeover/guard.ts';
import { type Installation, openInstallation } from './takeover/installation.ts';
import type { LogFactsDeps } from './takeover/log-facts.ts';
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
  const { settings, admin, eventsAdmin, probe, mysql } = servers;
  const logFacts: LogFactsDeps = { topic, groupId: GROUPS.worker, settings, admin, eventsAdmin, probe, log };
  const installation = await openInstallation({ db: mysql.pool, logFacts, owner: config.instanceId, log });
  const onFenceLost = (lane: Lane) => void ownership.reclaim(lane);
  const guard = createGuard({
    logFacts,
    db: mysql.pool,
    owner: config.instanceId,
    lanes: () => ownership.lanes.values(),
    retry: (lane) => ownership.retryStopped(lane),
    onFenceLost,
    metrics,
    log,
  });
  const publisher = createPublisher({
    accumulator: servers.accumulator,
    proofOf: createPublishProof({
      topic,
      db: mysql.pool,
      owner: config.instanceId,
      pauseMaxMs: config.sessionTimeoutMs / 2,
      metrics,
      log,
    }),
    onFenceLost,
    metrics,
    log,
  });
  const statusCache = createStatusCache({ redis: servers.redis, codec: servers.codecs.events, metrics });
  const engine = createEngine({
    topic,
    writers: config.writers,
    limits: { ...defaultBatchLimits, recordsMax: config.batchOrdersMax },
    paymentWindowMs: config.paymentWindowMs,
    keepOutcomes: config.outcomesKeptMs > 0,
    mysql,
    codecs: servers.codecs,
    publisher,
    statusCache,
    metrics,
    log,
    onFenceLost,
    onWentBack: (lane) => void guard.wentBack(lane),
    beforeUse: (session) => guard.beforeUse(session),
    onCommitted: ({ statuses }) => statusCache.write(statuses),
  });
  const parts = { engine, publisher, statusCache, guard, logFacts, installation };
  const ownership = createOwnership(context, servers, parts);
  const consumer = createConsumer(context, servers, ownership);
  ownership.attach(consumer);
  const lanes = () => ownership.lanes.values();
  const commits = createOffsetCommits({ topic, lanes, consumer, metrics, log });
  const report = createWaitReport({ topic, owner: config.instanceId, db: mysql.pool, log });
  const stopWatching = watchLanes({ lanes, report, lifecycle, metrics, log, fatal: context.fatal });
  const stopForgetting = forgetOutcomes({ topic, db: mysql.pool, keptMs: config.outcomesKeptMs, lanes, log });
  await consumer.start();
  return {
    async stop() {
      stopWatching();
      guard.stop();
      stopForgetting();
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

interface Parts {
  readonly engine: Engine;
  readonly publisher: Publisher;
  readonly statusCache: StatusCache;
  readonly guard: Guard;
  readonly logFacts: LogFactsDeps;
  readonly installation: Installation;
}

function createOwnership(
  context: WorkerContext,
  { sessions, mysql }: Servers,
  { engine, publisher, statusCache, guard, logFacts, installation }: Parts,
): Ownership {
  const { config, log, metrics } = context;
  const ownership: Ownership = new Ownership({
    topic,
    log,
    claim: (lanes, signal) =>
      claimLanes(
        {
          topic,
          owner: config.instanceId,
          sessions,
          installation,
          logFacts,
          publisher,
          verdicts: engine.verdicts,
          onUnpublished: (blob) => statusCache.writeStored(blob),
          metrics,
          log,
          onOpened: (lane) => ownership.opened(lane),
          onRefused: (lane) => ownership.retryLater(lane),
          onLostCommits: (problem, partition) => guard.halt(problem, partition),
          fatal: context.fatal,
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
    silenceMaxMs: config.silenceMaxMs,
    heartbeatIntervalMs: Math.min(heartbeatMsMax, config.sessionTimeoutMs / 4),
    log,
    metrics,
    handlers: ownership.handlers(fatal, () => void failpoint('fetched')),
  });
}

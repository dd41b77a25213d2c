/** Wires one worker: group consumer → lanes → loop → publisher. Ends the parts in the right order. */
import { COMMANDS, GROUPS } from '../../topics/catalogue.ts';
import { reasonTable } from '../domain/index.ts';
import { armFailpoints, failpoint } from '../shared/failpoint/index.ts';
import { createGroupConsumer, type GroupConsumer } from '../shared/kafka/index.ts';
import type { Running } from '../shared/lifecycle/index.ts';
import { createKeyWrapper } from '../shared/personal-data/index.ts';
import { Loop } from './batching/loop.ts';
import { createWriters } from './batching/writer.ts';
import { defaultBatchLimits } from './lanes/batch.ts';
import type { Lane } from './lanes/lane.ts';
import { watchLanes } from './lanes/lane-watch.ts';
import { PartitionAssignment } from './lanes/partition-assignment.ts';
import { createOffsetCommits } from './publishing/offset-commits.ts';
import { forgetOutcomes } from './publishing/outcome-retention.ts';
import { createPublishProof } from './publishing/publish-proof.ts';
import { createPublisher, type Publisher } from './publishing/publisher.ts';
import { createStatusCache, type StatusCache } from './publishing/status-cache.ts';
import { closeServers, connectServers, type WorkerContext, type WorkerServers } from './servers.ts';
import { Quarantine } from './stages/quarantine.ts';
import { type ClaimDeps, claimLanes } from './takeover/claims.ts';
import { drainLanes, leaveLanes } from './takeover/drain.ts';
import { createGuard, type Guard } from './takeover/guard.ts';
import { openInstallation } from './takeover/installation.ts';
import type { LogFactsDeps } from './takeover/log-facts.ts';
import { createWaitReport } from './waits/wait-report.ts';

const topic = COMMANDS;
const consumerStopMs = 1_500;
const heartbeatMsMax = 1_000;

/** Starts a worker; resolves once it has joined its group. */
export async function startWorker(context: WorkerContext): Promise<Running> {
  const { config, log, metrics, lifecycle, fatal } = context;
  const owner = config.instanceId;
  const production = config.nodeEnv === 'production';
  armFailpoints(config.failpoints, { production, log: (line) => log.warn(line) });
  const servers = await connectServers(context);
  const { settings, admin, eventsAdmin, probe } = servers;
  const db = servers.mysql.pool;
  const logFacts: LogFactsDeps = { topic, groupId: GROUPS.worker, settings, admin, eventsAdmin, probe, log };
  const installation = await openInstallation({ db, logFacts, owner, log });
  const { loop, guard, statusCache, assignment } = wireLanes(context, servers, { logFacts, installation });
  const consumer = createConsumer(context, servers, assignment);
  assignment.attach(consumer);
  const lanes = () => assignment.lanes.values();
  const commits = createOffsetCommits({ topic, lanes, consumer, metrics, log });
  const report = createWaitReport({ topic, owner, db, log });
  const stopWatching = watchLanes({ lanes, report, lifecycle, metrics, log, fatal });
  const stopForgetting = forgetOutcomes({ topic, db, keptMs: config.outcomesKeptMs, lanes, log });
  await consumer.start();
  return {
    async stop() {
      stopWatching();
      guard.stop();
      stopForgetting();
      assignment.stop();
      await loop.stop();
      await drainLanes({ topic, assignment, commits, loop, db, log });
      await loop.close();
      await consumer.stop(consumerStopMs);
      statusCache.stop();
      await closeServers(servers);
    },
  };
}

interface LaneParts {
  readonly loop: Loop;
  readonly publisher: Publisher;
  readonly statusCache: StatusCache;
  readonly quarantine: Quarantine;
  readonly guard: Guard;
}

/** Creates the lanes of this process, and the parts that work on them. */
function wireLanes(
  context: WorkerContext,
  servers: WorkerServers,
  takeover: Pick<ClaimDeps, 'logFacts' | 'installation'>,
): LaneParts & { readonly assignment: PartitionAssignment } {
  const { config, live, log, metrics, traces } = context;
  const { mysql, codecs, redis } = servers;
  const onFenceLost = (lane: Lane) => void assignment.reclaim(lane);
  const guard = createGuard({
    logFacts: takeover.logFacts,
    db: mysql.pool,
    owner: config.instanceId,
    lanes: () => assignment.lanes.values(),
    retry: (lane) => assignment.retryStopped(lane),
    onFenceLost,
    metrics,
    log,
  });
  const quarantine = new Quarantine();
  const statusCache = createStatusCache({ redis, codec: codecs.events, metrics });
  const publisher = createLanePublisher(context, servers, onFenceLost);
  for (const reason of Object.keys(reasonTable)) metrics.zero('decisions_refused_total', { reason });
  const writers = createWriters(config.writers, {
    topic,
    paymentWindowMs: config.paymentWindowMs,
    returnWindowMs: config.returnWindowMs,
    keepOutcomes: config.outcomesKeptMs > 0,
    mysql,
    codecs,
    quarantine,
    keyWrapper: createKeyWrapper(config.personalDataKeys),
    publisher,
    statusCache,
    metrics,
    traces,
    log,
    onFenceLost,
    onWentBack: (lane) => void guard.wentBack(lane),
    beforeUse: (session) => guard.beforeUse(session),
    onCommitted: ({ statuses }) => statusCache.write(statuses),
  });
  const loop = new Loop(writers, {
    ...defaultBatchLimits,
    get recordsMax() {
      return live.now.batchOrdersMax;
    },
  });
  const parts: LaneParts = { loop, publisher, statusCache, quarantine, guard };
  const assignment = createAssignment(context, servers, { ...parts, ...takeover });
  return { ...parts, assignment };
}

/**
 * Creates the publisher. After a pause, it asks the database whether this worker still owns a lane before it
 * publishes.
 */
function createLanePublisher(
  { config, log, metrics, traces }: WorkerContext,
  { accumulator, mysql }: WorkerServers,
  onFenceLost: (lane: Lane) => void,
): Publisher {
  const pauseMaxMs = config.sessionTimeoutMs / 2;
  const proofDeps = { topic, db: mysql.pool, owner: config.instanceId, pauseMaxMs, metrics, log };
  const proofOf = createPublishProof(proofDeps);
  return createPublisher({ accumulator, proofOf, onFenceLost, metrics, traces, log });
}

function createAssignment(
  { config, log, metrics, fatal }: WorkerContext,
  { sessions, mysql }: WorkerServers,
  parts: LaneParts & Pick<ClaimDeps, 'logFacts' | 'installation'>,
): PartitionAssignment {
  const { loop, publisher, statusCache, quarantine, guard, logFacts, installation } = parts;
  const claimDeps: ClaimDeps = {
    topic,
    owner: config.instanceId,
    sessions,
    installation,
    logFacts,
    publisher,
    quarantine,
    onUnpublished: (blob) => statusCache.writeStored(blob),
    metrics,
    log,
    onOpened: (lane) => assignment.opened(lane),
    onRefused: (lane) => assignment.retryLater(lane),
    onLostCommits: (problem, partition) => guard.halt(problem, partition),
    fatal,
  };
  const assignment: PartitionAssignment = new PartitionAssignment({
    topic,
    log,
    claim: (lanes, signal) => claimLanes(claimDeps, lanes, signal),
    onGained: (lane) => loop.add(lane),
    onLost: async (lane) => {
      await loop.remove(lane);
      await leaveLanes({ topic, db: mysql.pool, log }, [lane]);
    },
    onWork: () => loop.wake(),
  });
  return assignment;
}

function createConsumer(
  { config, log, metrics, fatal }: WorkerContext,
  { settings }: WorkerServers,
  assignment: PartitionAssignment,
): GroupConsumer {
  return createGroupConsumer({
    settings,
    groupId: GROUPS.worker,
    topics: [topic],
    sessionTimeoutMs: config.sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(heartbeatMsMax, config.sessionTimeoutMs / 4),
    log,
    metrics,
    handlers: assignment.handlers(fatal, () => void failpoint('fetched')),
  });
}

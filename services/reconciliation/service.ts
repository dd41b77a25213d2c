/** The reconciliation service, wired: one instance follows the logs and looks for differences, others stand by. */
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, STATE } from '../../topics/index.ts';
import { systemClock } from '../shared/clock/index.ts';
import { loadCodecs, loadStateCodec } from '../shared/codec/index.ts';
import { classify, errorMessage } from '../shared/errors/index.ts';
import {
  createAccumulator,
  createAdmin,
  createGroupConsumer,
  createKafkaConfig,
  type GroupConsumer,
  type KafkaSettings,
  startCommitLoop,
} from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql, type Mysql } from '../shared/mysql/index.ts';
import { createRedis } from '../shared/redis/index.ts';
import { backoff, retry } from '../shared/retry/index.ts';
import { allChecks } from './checks/index.ts';
import type { fields } from './config.ts';
import { createDeadLetterIndex } from './dead-letter-index.ts';
import { type Feed, startFeed } from './feed.ts';
import { openFindings } from './findings.ts';
import { createFollower, type Follower } from './follower.ts';
import { takeLeadership } from './leadership.ts';
import { createMemory } from './memory.ts';
import { createPublisher } from './publisher.ts';
import { createRecordDecoder } from './record-decoder.ts';
import { type Rounds, startRounds } from './rounds.ts';
import { startsOfGroup } from './starts.ts';
import { createStateBook } from './state-book.ts';
import { createSuspects } from './suspects.ts';

type Context = ServiceContext<typeof fields>;

const topics = [COMMANDS, EVENTS, DEAD_LETTERS, STATE];
const consumerStopMs = 3_000;
const accumulatorStopMs = 2_000;
/** Reads at low priority get more time, and few connections. */
const queryTimeoutMs = 30_000;
const poolSize = 6;
/** Whoever leads may be silent for so long: what it remembers is lost with the lock, and a process that dies gives it back at once. */
const leaderWaitTimeoutSeconds = 30;
const trouble = backoff({ initialMs: 100, maxMs: 5_000 });

/** Starts at once and stands by; the work begins when this instance leads. */
export async function startReconciliation(context: Context): Promise<Running> {
  const { config, log, metrics, signal, fatal } = context;
  const mysql = createMysql({ url: config.mysqlUrl, log, metrics, queryTimeoutMs, poolSize });
  const leading = takeLeadership({
    connect: () => mysql.connect({ waitTimeoutSeconds: leaderWaitTimeoutSeconds }),
    log,
    signal,
    onLost: fatal,
  }).then(async (giveBack) => ({ giveBack, work: await startWork(context, mysql) }));
  leading.catch((error: unknown) => {
    if (!signal.aborted) fatal(error);
  });
  return {
    async stop() {
      const led = await leading.catch(() => null);
      await led?.work.stop();
      await led?.giveBack();
      await mysql.close();
    },
  };
}

async function startWork(context: Context, mysql: Mysql): Promise<Running> {
  const { config, log, metrics, signal, fatal } = context;
  const settings = createKafkaConfig(config, `reconciliation-${config.instanceId}`);
  const admin = createAdmin(settings);
  const redis = createRedis({
    url: config.redisUrl,
    keyPrefix: config.kafkaTopicPrefix,
    log,
    metrics,
    commandTimeoutMs: 500,
  });
  const registryUrl = config.schemaRegistryUrl;
  const { events: codec } = await loadCodecs({ registryUrl, log });
  const stateCodec = await loadStateCodec({ registryUrl, log });
  const accumulator = await createAccumulator({ settings, log, metrics });
  // As the first group of a new cluster it meets a coordinator that is still being made.
  const {
    offsets: starts,
    ledgers,
    wholeStates,
  } = await retry(() => startsOfGroup({ admin, mysql: mysql.pool, log }), {
    attempts: Number.POSITIVE_INFINITY,
    backoff: trouble,
    signal,
    shouldRetry(error) {
      log.warn({ err: error }, `the start waits: ${errorMessage(error)}`);
      return classify(error) === 'retry';
    },
  });
  const ordersMax = config.rememberedOrdersMax;
  const memory = createMemory({ ordersMax, eventsMax: ordersMax });
  const deadLetters = createDeadLetterIndex();
  const states = createStateBook({ statesMax: ordersMax, fromTheStart: wholeStates });
  const follower = createFollower({
    decoder: createRecordDecoder({ codec, backoff: trouble, log }),
    stateDecoder: createRecordDecoder({ codec: stateCodec, backoff: trouble, log }),
    ledgers,
    memory,
    deadLetters,
    states,
    mysql: mysql.pool,
    starts,
    metrics,
  });
  const { consumer, feed } = openConsumer(context, settings, follower);
  await consumer.start();
  const committing = startCommits(consumer, follower, context);
  const rounds: Rounds = startRounds({
    checks: allChecks({
      mysql,
      admin,
      redis,
      ledgers,
      memory,
      deadLetters,
      states,
      follower,
      clock: systemClock,
      stuck: config,
      laneStallMs: config.laneStallMs,
      restShare: config.restPercent / 100,
    }),
    everyMs: config.roundEveryMs,
    suspects: createSuspects((partition) => ledgers.get(partition)?.followedTo() ?? 0),
    findings: await openFindings({ mysql: mysql.pool, clock: systemClock, metrics }),
    publish: createPublisher({ accumulator, log }),
    clock: systemClock,
    log,
    metrics,
    fatal,
  });

  return {
    async stop() {
      await Promise.all([rounds.stop(), feed.stop()]);
      await committing.stop();
      await consumer.stop(consumerStopMs);
      await accumulator.close(accumulatorStopMs);
      await Promise.all([admin.close(), redis.close()]);
    },
  };
}

/** The one member of the group: it begins where the follower stands, whatever the group's offsets say by then. */
function openConsumer(
  { log, metrics, fatal }: Context,
  settings: KafkaSettings,
  follower: Follower,
): { consumer: GroupConsumer; feed: Feed } {
  const flow: { assigned: { topic: string; partition: number }[]; isPaused: boolean } = {
    assigned: [],
    isPaused: false,
  };
  const turn = (isPaused: boolean): void => {
    flow.isPaused = isPaused;
    for (const { topic, partition } of flow.assigned) {
      if (isPaused) consumer.pause(topic, partition);
      else consumer.resume(topic, partition);
    }
  };
  const feed = startFeed({
    follower,
    pauseAll: () => turn(true),
    resumeAll: () => turn(false),
    backoff: trouble,
    log,
    fatal,
  });
  const consumer = createGroupConsumer({
    settings,
    groupId: GROUPS.reconciliation,
    topics,
    log,
    metrics,
    handlers: {
      onAssigned({ assigned, gained }) {
        flow.assigned = assigned;
        // What is queued beyond the follower's position comes again, and is dropped there.
        for (const { topic, partition } of gained)
          consumer.seek(topic, partition, follower.position(topic, partition));
        if (flow.isPaused) turn(true);
      },
      onRecords: (topic, partition, records) => feed.enqueue(topic, partition, records),
      onCrash: fatal,
    },
  });
  return { consumer, feed };
}

/** Moves the group's offsets behind what would not be missed. */
function startCommits(consumer: GroupConsumer, follower: Follower, { log, metrics }: Context) {
  return startCommitLoop(async () => {
    const offsets = follower.safeOffsets();
    metrics.set('reconciliation_unanswered', follower.unanswered());
    await consumer.commit(offsets);
  }, log);
}

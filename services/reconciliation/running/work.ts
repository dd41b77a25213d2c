/** The work of the leading instance, from one start to the next. */
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import type { ServerClock } from '../../shared/clock/index.ts';
import { loadCodecs, loadStateCodec } from '../../shared/codec/index.ts';
import { createRecordDecoder, isOutcomeOf, isStateOf } from '../../shared/consuming/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import {
  backgroundPace,
  createAccumulator,
  createAdmin,
  createGroupConsumer,
  createKafkaConfig,
  fetchTopicIds,
  type GroupConsumer,
  type KafkaAdmin,
  type KafkaSettings,
  readCommittedRange,
  startCommitLoop,
} from '../../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../../shared/lifecycle/index.ts';
import type { Mysql } from '../../shared/mysql/index.ts';
import { createRedis } from '../../shared/redis/index.ts';
import { backoff, retry } from '../../shared/retry/index.ts';
import { allChecks } from '../checks/index.ts';
import type { RenewReason } from '../checks/logs.ts';
import type { fields } from '../config.ts';
import { openFindings } from '../findings/findings.ts';
import { createLasting } from '../findings/lasting.ts';
import { createPublisher } from '../findings/publisher.ts';
import { createDeadLetterIndex } from '../following/dead-letter-index.ts';
import { createFollower, type Follower } from '../following/follower.ts';
import { type Feed, startFeed } from '../following/record-queue.ts';
import { followedTopics, type Starts, startsOfGroup } from '../following/start-offsets.ts';
import { createMemory } from '../matching/recent-outcomes.ts';
import { createStateBook } from '../matching/snapshot-index.ts';
import { createSuspects } from '../matching/unconfirmed-differences.ts';
import { startRounds } from './check-scheduler.ts';
import type { Health } from './health.ts';

type Context = ServiceContext<typeof fields>;
type Renew = (reason: RenewReason, detail: string) => void;

const topics = [COMMANDS, EVENTS, DEAD_LETTERS, STATE];
const consumerStopMs = 3_000;
const accumulatorStopMs = 2_000;
const trouble = backoff({ initialMs: 100, maxMs: 5_000 });

export interface WorkDeps {
  mysql: Mysql;
  /** The clock of the database. The ages of rows are compared with it, and it is measured before the work begins. */
  clock: ServerClock;
  health: Health;
  /** Ids of the followed topics at the last start. Kept between starts. */
  lastIds: Map<string, string>;
  /** Requests another start, because a followed log was replaced. */
  renew(): void;
}

/** Follows the logs from the offsets of the group, and runs the checks. Throws permanent errors. */
export async function startWork(context: Context, deps: WorkDeps): Promise<Running> {
  const { config, live, log, metrics } = context;
  const { mysql, clock, health } = deps;
  const settings = createKafkaConfig(config, `reconciliation-${config.instanceId}`);
  const admin = createAdmin(settings);
  const redis = createRedis({
    url: () => live.now.redisUrl,
    keyPrefix: config.kafkaTopicPrefix,
    log,
    metrics,
    commandTimeoutMs: 500,
  });
  const accumulator = await createAccumulator({ settings, log, metrics });
  const renew: Renew = (reason, detail) => {
    log.error({ reason, detail }, 'a followed log changed; reconciliation starts to follow again');
    metrics.inc('reconciliation_renewals_total', { reason });
    deps.renew();
  };
  const { starts, topicIds } = await findStarts(context, deps, settings, admin);
  const found = createLasting();
  for (const difference of starts.differences) {
    log.error({ difference }, 'a followed log was replaced or truncated; reconciliation opens a finding');
    found.add(difference);
  }
  const parts = await createParts(context, deps, starts, topicIds);
  const { consumer, feed } = openConsumer(context, settings, parts.follower, health, renew);
  await consumer.start();
  const removeReadiness = context.lifecycle.addReadiness(
    'group',
    () => consumer.generation() !== null || 'not in the consumer group yet',
  );
  const committing = startCommits(consumer, parts.follower, context);
  const { findingsPerKindMax: perKindMax } = config;
  const rounds = startRounds({
    checks: allChecks({
      ...parts,
      mysql,
      admin,
      redis,
      clock,
      metrics,
      stuck: config,
      laneStallMs: config.laneStallMs,
      restShare: () => live.now.restPercent / 100,
      readOutcomes: (partition, from, to) =>
        readCommittedRange({ settings, topic: EVENTS, partition, from, to, log }),
      logs: { fetchTopicIds: (names) => fetchTopicIds(settings, names), topicIds, lasting: found, renew },
    }),
    everyMs: () => live.now.roundEveryMs,
    suspects: createSuspects((partition) => starts.ledgers.get(partition)?.followedTo() ?? 0),
    perKindMax,
    findings: await openFindings({ mysql: mysql.pool, clock, metrics, perKindMax }),
    publish: createPublisher({ accumulator, log, metrics }),
    clock,
    health,
    log,
    metrics,
  });

  return {
    async stop() {
      removeReadiness();
      await Promise.all([rounds.stop(), feed.stop()]);
      await committing.stop();
      await consumer.stop(consumerStopMs);
      await accumulator.close(accumulatorStopMs);
      await Promise.all([admin.close(), redis.close()]);
    },
  };
}

/**
 * Finds the start offsets, with retries. A new cluster may have no coordinator yet, and a topic may be missing for
 * a moment.
 */
async function findStarts(
  { log, signal }: Context,
  { mysql, clock, health, lastIds }: WorkDeps,
  settings: KafkaSettings,
  admin: KafkaAdmin,
): Promise<{ starts: Starts; topicIds: ReadonlyMap<string, string> }> {
  const readRecord = async (topic: string, partition: number, offset: bigint) => {
    const range = { settings, topic, partition, from: offset, to: offset + 1n, log };
    const [record] = await readCommittedRange(range);
    return record ?? null;
  };
  const result = await retry(
    async () => {
      await clock.measure();
      const topicIds = await fetchTopicIds(settings, followedTopics);
      const deps = { admin, mysql: mysql.pool, topicIds, lastIds, readRecord };
      return { topicIds, starts: await startsOfGroup(deps) };
    },
    {
      attempts: Number.POSITIVE_INFINITY,
      backoff: trouble,
      signal,
      shouldRetry(error) {
        health.failed('the start waits', errorMessage(error));
        log.warn({ err: error }, 'reconciliation cannot start yet; it retries after a temporary error');
        return classify(error) === 'retry';
      },
    },
  );
  health.done('the start waits');
  for (const [topic, id] of result.topicIds) lastIds.set(topic, id);
  return result;
}

/** Creates the parts that follow the logs. Their state is only in memory. */
async function createParts(
  { config, log, metrics }: Context,
  { mysql, health }: WorkDeps,
  { offsets, ledgers, wholeStates }: Starts,
  topicIds: ReadonlyMap<string, string>,
) {
  const registryUrl = config.schemaRegistryUrl;
  const { events: codec } = await loadCodecs({ registryUrl, log });
  const stateCodec = await loadStateCodec({ registryUrl, log });
  const ordersMax = config.rememberedOrdersMax;
  const memory = createMemory({ ordersMax, eventsMax: ordersMax });
  const deadLetters = createDeadLetterIndex();
  const states = createStateBook({ statesMax: ordersMax, fromTheStart: wholeStates });
  const onWait = (reason: string): void => health.failed('following waits', reason);
  const waiting = { onWait, backoff: trouble, log };
  const follower = createFollower({
    decoder: createRecordDecoder({ codec, isProven: isOutcomeOf, ...waiting }),
    stateDecoder: createRecordDecoder({ codec: stateCodec, isProven: isStateOf, ...waiting }),
    ledgers,
    memory,
    deadLetters,
    states,
    mysql: mysql.pool,
    starts: offsets,
    topicIds,
    metrics,
  });
  return { ledgers, memory, deadLetters, states, follower };
}

/**
 * Opens the only member of the group. It begins at the position of the follower, whatever the offsets of the group
 * are.
 */
function openConsumer(
  { config, log, metrics, fatal }: Context,
  settings: KafkaSettings,
  follower: Follower,
  health: Health,
  renew: Renew,
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
    health,
    log,
    fatal,
  });
  const consumer = createGroupConsumer({
    settings,
    groupId: GROUPS.reconciliation,
    topics,
    silenceMaxMs: config.silenceMaxMs,
    fetchPace: () => backgroundPace,
    log,
    metrics,
    handlers: {
      onAssigned({ assigned, gained }) {
        flow.assigned = assigned;
        // Queued records after the position of the follower are delivered again. The follower drops the second
        // copy.
        for (const { topic, partition } of gained)
          consumer.seek(topic, partition, follower.position(topic, partition));
        if (flow.isPaused) turn(true);
      },
      onRecords: (_topic, _partition, records) => feed.enqueue(records),
      onOutOfRange: (topic, partition, position) =>
        renew('outsideOfLog', `position ${position} of ${topic}/${partition} is not in the log`),
      onCrash: fatal,
    },
  });
  return { consumer, feed };
}

/** Commits offsets of the group from which a restart loses nothing. */
function startCommits(consumer: GroupConsumer, follower: Follower, { log, metrics }: Context) {
  return startCommitLoop(async () => {
    const offsets = follower.safeOffsets();
    metrics.set('reconciliation_unanswered', follower.unanswered());
    await consumer.commit(offsets);
  }, log);
}

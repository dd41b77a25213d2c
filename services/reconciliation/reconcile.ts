/**
 * Reconciliation on demand: reads the logs from their beginning to their current end, runs every check, and reports
 * differences. It writes nothing and takes no locks, so the service may run at the same time.
 */

import type { OrderEvent } from '../../schemas/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../topics/index.ts';
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import { loadCodecs, loadStateCodec } from '../shared/codec/index.ts';
import { createRecordDecoder, isOutcomeOf, isStateOf } from '../shared/consuming/index.ts';
import {
  createAdmin,
  createPartitionReader,
  type KafkaAdmin,
  type KafkaSettings,
  readCommittedRange,
} from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { noMetrics } from '../shared/metrics/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import { createRedis } from '../shared/redis/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';
import { allChecks } from './checks/index.ts';
import { type Difference, type FindingKind, kinds } from './findings/finding-kinds.ts';
import { createTally, type Tally } from './findings/tally.ts';
import { createDeadLetterIndex } from './following/dead-letter-index.ts';
import { createFollower, type Follower } from './following/follower.ts';
import { startsOfLogs } from './following/start-offsets.ts';
import type { Ledger } from './matching/outcome-matcher.ts';
import { createMemory } from './matching/recent-outcomes.ts';
import { createStateBook } from './matching/snapshot-index.ts';
import { createSuspects } from './matching/unconfirmed-differences.ts';
import type { BookLimits } from './walking/book.ts';

export interface ReconcileOptions {
  settings: KafkaSettings;
  registryUrl: string;
  mysqlUrl: string;
  /** Null: Redis is not compared. */
  redisUrl: string | null;
  /**
   * Only outcomes decided in this time range (epoch ms) are compared with rows and deliveries. The walk over
   * orders and stock is always complete.
   */
  fromMs?: number;
  toMs?: number;
  stuck: BookLimits;
  /** Maximum differences of one kind that the report lists. All differences are counted. */
  findingsPerKindMax?: number;
  log: Logger;
  signal: AbortSignal;
  /** Called at intervals with the progress. */
  onProgress?(text: string): void;
}

export interface ReconcileReport {
  ok: boolean;
  findings: (Difference & { remedy: string })[];
  /** Number of differences by kind, and how many of them are in `findings`. */
  counts: { kind: FindingKind; found: number; listed: number }[];
  commands: number;
  outcomes: number;
  elapsedMs: number;
}

/** Maximum number of newest orders and events that are compared once more at the end. */
const rememberedMax = 50_000;
/** Maximum rounds of a check with differences that may be in flight, and the pause between them. */
const rounds = 3;
const roundPauseMs = 1_500;
/** Maximum wait for the states. States that are not read by then count as not yet written. */
const statesWaitMs = 60_000;
const statesPollMs = 50;
const perKindMaxDefault = 5_000;
const laneStallMs = 45_000;
const restShare = 0.5;
const queryTimeoutMs = 60_000;

/** Throws if a server is down, because a partial run has no result. */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { log } = options;
  const startedMs = systemClock.monotonicMs();
  const mysql = createMysql({ url: options.mysqlUrl, log, poolSize: 4, queryTimeoutMs });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics: noMetrics });
  const admin = createAdmin(options.settings);
  const redis =
    options.redisUrl === null
      ? null
      : createRedis({
          url: options.redisUrl,
          keyPrefix: options.settings.topicPrefix,
          log,
          commandTimeoutMs: 500,
        });
  try {
    await clock.measure();
    const { registryUrl } = options;
    const { events: codec } = await loadCodecs({ registryUrl, log });
    const stateCodec = await loadStateCodec({ registryUrl, log });
    const { offsets: starts, ledgers, wholeStates } = await startsOfLogs(admin);
    const memory = createMemory({ ordersMax: rememberedMax, eventsMax: rememberedMax });
    const deadLetters = createDeadLetterIndex();
    const states = createStateBook({ statesMax: rememberedMax, fromTheStart: wholeStates });
    // Needs no handler, because the log has a line for each wait.
    const onWait = (): void => undefined;
    const waiting = { onWait, backoff: backoff({ initialMs: 100, maxMs: 2_000 }), log };
    const follower = createFollower({
      decoder: createRecordDecoder({ codec, isProven: isOutcomeOf, ...waiting }),
      stateDecoder: createRecordDecoder({ codec: stateCodec, isProven: isStateOf, ...waiting }),
      ledgers,
      memory,
      deadLetters,
      states,
      mysql: mysql.pool,
      starts,
      isWanted: within(options),
      metrics: noMetrics,
    });
    const reading = readLogs(options, starts, follower);
    try {
      await reading.start();
      await reading.untilEnd(admin);
      const checks = allChecks({
        mysql,
        admin,
        redis,
        ledgers,
        memory,
        deadLetters,
        states,
        follower,
        clock,
        metrics: noMetrics,
        stuck: options.stuck,
        laneStallMs,
        restShare: () => restShare,
        readOutcomes: (partition, from, to) =>
          readCommittedRange({ settings: options.settings, topic: EVENTS, partition, from, to, log }),
      });
      const { findings, counts } = await runChecks(options, checks, ledgers);
      return {
        ok: counts.length === 0,
        findings: findings.map((finding) => ({ ...finding, remedy: kinds[finding.kind].remedy })),
        counts,
        ...countsOf(starts, follower),
        elapsedMs: Math.round(systemClock.monotonicMs() - startedMs),
      };
    } finally {
      await reading.stop();
    }
  } finally {
    clock.stop();
    await Promise.all([admin.close(), redis?.close(), mysql.close()]);
  }
}

function within({
  fromMs = 0,
  toMs = Number.MAX_SAFE_INTEGER,
}: ReconcileOptions): (event: OrderEvent) => boolean {
  return ({ occurredAt }) => occurredAt >= fromMs && occurredAt < toMs;
}

/** Reads the logs with its own partition reader. A failure there ends the run. */
function readLogs(
  options: ReconcileOptions,
  from: Parameters<typeof createFollower>[0]['starts'],
  follower: Follower,
) {
  const { settings, log, signal, onProgress } = options;
  const abort = new AbortController();
  const ended = AbortSignal.any([signal, abort.signal]);
  let failure: unknown = null;
  let inHand = 0;
  const reader = createPartitionReader({
    settings,
    topics: [COMMANDS, EVENTS, DEAD_LETTERS, STATE],
    from,
    async onRecords(_topic, _partition, records) {
      if (failure !== null) return;
      inHand++;
      try {
        await follower.follow(records, ended);
      } catch (error) {
        failure = error;
        abort.abort();
      } finally {
        inHand--;
      }
    },
    log,
  });
  return {
    start: () => reader.start(),
    stop: () => reader.stop(),
    /** Resolves when all records up to the current ends have been followed. */
    async untilEnd(admin: KafkaAdmin): Promise<void> {
      for (const topic of [COMMANDS, DEAD_LETTERS, EVENTS]) {
        const ends = new Map(
          [...(await admin.endOffsets(topic))].map(([partition, { high }]) => [partition, high]),
        );
        while ((await follower.reached(topic, ends, ended)).size < ends.size) {
          if (failure !== null) throw failure;
          signal.throwIfAborted();
          onProgress?.(`reading ${topic}: ${behind(follower, topic, ends)} records to go`);
        }
      }
      // The last entry of a states partition marks a transaction and is not delivered as a record.
      const ends = await admin.endOffsets(STATE);
      const isRead = (): boolean =>
        inHand === 0 &&
        reader.positions().every(({ topic, partition, offset }) => {
          return topic !== STATE || offset >= (ends.get(partition)?.high ?? 0n);
        });
      for (let waitedMs = 0; !isRead() && waitedMs < statesWaitMs; waitedMs += statesPollMs) {
        if (failure !== null) throw failure;
        onProgress?.('reading the states');
        await sleep(statesPollMs, signal);
      }
    },
  };
}

function behind(follower: Follower, topic: string, ends: ReadonlyMap<number, bigint>): bigint {
  return [...ends].reduce((sum, [partition, end]) => {
    const left = end - follower.position(topic, partition);
    return left > 0n ? sum + left : sum;
  }, 0n);
}

/** Runs each check until all its differences are confirmed, at most {@link rounds} times. */
async function runChecks(
  { signal, onProgress, findingsPerKindMax = perKindMaxDefault }: ReconcileOptions,
  checks: ReturnType<typeof allChecks>,
  ledgers: ReadonlyMap<number, Ledger>,
): Promise<{ findings: Difference[]; counts: ReconcileReport['counts'] }> {
  const suspects = createSuspects((partition) => ledgers.get(partition)?.followedTo() ?? 0);
  const findings: Difference[] = [];
  const counts: ReconcileReport['counts'] = [];
  for (const check of checks) {
    onProgress?.(`checking ${check.name}`);
    for (let round = 1; ; round++) {
      // Lasting differences stay in their source and are in every round's tally.
      const tally = createTally([], findingsPerKindMax);
      await check.run([], tally, signal);
      const kept = tally.kept();
      const confirmed = suspects.confirm(check.name, kept);
      if (round < rounds && confirmed.length < kept.length) {
        await sleep(roundPauseMs, signal);
        continue;
      }
      findings.push(...confirmed);
      counts.push(...countsIn(check.kinds, tally, confirmed));
      break;
    }
  }
  return { findings, counts };
}

/** The counts are the confirmed differences and the differences beyond the limit. */
function countsIn(
  looked: readonly FindingKind[],
  tally: Tally,
  confirmed: readonly Difference[],
): ReconcileReport['counts'] {
  return looked.flatMap((kind) => {
    const listed = confirmed.filter((one) => one.kind === kind).length;
    const found = listed + tally.found(kind) - tally.keptOf(kind);
    return found === 0 ? [] : [{ kind, found, listed }];
  });
}

function countsOf(
  starts: readonly { topic: string; partition: number; offset: bigint }[],
  follower: Follower,
): Pick<ReconcileReport, 'commands' | 'outcomes'> {
  const read = (wanted: string): number =>
    starts
      .filter(({ topic }) => topic === wanted)
      .reduce(
        (sum, { topic, partition, offset }) => sum + Number(follower.position(topic, partition) - offset),
        0,
      );
  return { commands: read(COMMANDS), outcomes: read(EVENTS) };
}

/**
 * Reconciliation on demand: reads the logs from their beginning to their current end, runs every check, and reports
 * differences. It writes nothing and takes no locks, so the service may run at the same time.
 */

import type { OrderEvent } from '../../schemas/index.ts';
import { COMMANDS, EVENTS } from '../../topics/index.ts';
import { startServerClock, systemClock } from '../shared/clock/index.ts';
import { loadCodecs, loadStateCodec } from '../shared/codec/index.ts';
import { createRecordDecoder, isOutcomeOf, isStateOf } from '../shared/consuming/index.ts';
import { createAdmin, type KafkaSettings, readCommittedRange } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { noMetrics } from '../shared/metrics/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import { createRedis, type Redis } from '../shared/redis/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';
import { allChecks } from './checks/index.ts';
import { type Difference, type FindingKind, kinds } from './findings/finding-kinds.ts';
import { createTally, type Tally } from './findings/tally.ts';
import { createDeadLetterIndex } from './following/dead-letter-index.ts';
import { createDeferredComparison } from './following/deferred-comparison.ts';
import { createFollower, type Follower } from './following/follower.ts';
import { newestFrom } from './following/newest-records.ts';
import { startsOfLogs } from './following/start-offsets.ts';
import { readLogs } from './following/whole-logs.ts';
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
  /** The time of each step, in the order in which they ran. */
  phases: Phase[];
}

/** `reading` the logs, or the name of a check. */
interface Phase {
  name: string;
  elapsedMs: number;
}

/** Maximum number of newest orders and events that are compared once more at the end. */
const rememberedMax = 50_000;
/** Maximum rounds of a check with differences that may be in flight, and the pause between them. */
const rounds = 3;
const roundPauseMs = 1_500;
const perKindMaxDefault = 5_000;
const laneStallMs = 45_000;
const restShare = 0.5;
const queryTimeoutMs = 60_000;
/** A busy server may need seconds to accept a connection, and a run of minutes must not end for that. */
const connectTimeoutMs = 30_000;

/** Throws if a server is down, because a partial run has no result. */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { log } = options;
  const startedMs = systemClock.monotonicMs();
  const mysql = createMysql({ url: options.mysqlUrl, log, poolSize: 4, queryTimeoutMs, connectTimeoutMs });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics: noMetrics });
  const admin = createAdmin(options.settings);
  const redis = redisOf(options);
  try {
    await clock.measure();
    const { registryUrl } = options;
    const { events: codec } = await loadCodecs({ registryUrl, log });
    const stateCodec = await loadStateCodec({ registryUrl, log });
    const { offsets: starts, ledgers, wholeStates } = await startsOfLogs(admin);
    const memory = createMemory({ ordersMax: rememberedMax, eventsMax: rememberedMax });
    const recentFrom = newestFrom(await admin.endOffsets(EVENTS), rememberedMax);
    const rows = createDeferredComparison({ mysql: mysql.pool, memory });
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
      rows,
      starts,
      isWanted: within(options),
      isRecent: ({ partition, offset }) => offset >= (recentFrom.get(partition) ?? 0n),
      metrics: noMetrics,
    });
    const reading = readLogs(options, starts, follower);
    try {
      const phases: Phase[] = [];
      await timed(phases, 'reading', async () => {
        await reading.start();
        await reading.untilEnd(admin);
      });
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
        walked: rows,
        readOutcomes: (partition, from, to) =>
          readCommittedRange({ settings: options.settings, topic: EVENTS, partition, from, to, log }),
      });
      const { findings, counts } = await runChecks(options, checks, ledgers, phases);
      return {
        ok: counts.length === 0,
        findings: findings.map((finding) => ({ ...finding, remedy: kinds[finding.kind].remedy })),
        counts,
        ...countsOf(starts, follower),
        elapsedMs: Math.round(systemClock.monotonicMs() - startedMs),
        phases,
      };
    } finally {
      await reading.stop();
    }
  } finally {
    clock.stop();
    await Promise.all([admin.close(), redis?.close(), mysql.close()]);
  }
}

function redisOf({ redisUrl, settings, log }: ReconcileOptions): Redis | null {
  if (redisUrl === null) return null;
  return createRedis({ url: redisUrl, keyPrefix: settings.topicPrefix, log, commandTimeoutMs: 500 });
}

function within({
  fromMs = 0,
  toMs = Number.MAX_SAFE_INTEGER,
}: ReconcileOptions): (event: OrderEvent) => boolean {
  return ({ occurredAt }) => occurredAt >= fromMs && occurredAt < toMs;
}

/** Runs each check until all its differences are confirmed, at most {@link rounds} times. */
async function runChecks(
  { signal, onProgress, findingsPerKindMax = perKindMaxDefault }: ReconcileOptions,
  checks: ReturnType<typeof allChecks>,
  ledgers: ReadonlyMap<number, Ledger>,
  phases: Phase[],
): Promise<{ findings: Difference[]; counts: ReconcileReport['counts'] }> {
  const suspects = createSuspects((partition) => ledgers.get(partition)?.followedTo() ?? 0);
  const findings: Difference[] = [];
  const counts: ReconcileReport['counts'] = [];
  for (const check of checks) {
    onProgress?.(`checking ${check.name}`);
    await timed(phases, check.name, async () => {
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
        return;
      }
    });
  }
  return { findings, counts };
}

/** Notes how long the step took. */
async function timed(phases: Phase[], name: string, step: () => Promise<void>): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  await step();
  phases.push({ name, elapsedMs: Math.round(systemClock.monotonicMs() - startedMs) });
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

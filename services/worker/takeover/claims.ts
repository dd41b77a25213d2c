/**
 * Claims lanes. A claim raises the epoch of the lane and compares its position with the log. Then it opens the lane,
 * and publishes again the outcomes that Kafka may lack. If position and log do not match, the database or the log has
 * lost data. Such a lane stops, because it would process commands twice or never.
 */
import { AppError, appError, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { backoff, sleep } from '../../shared/retry/index.ts';
import type { SessionKeeper } from '../batching/session-keeper.ts';
import type { Lane } from '../lanes/lane.ts';
import { startProbation } from '../lanes/probation.ts';
import type { Publisher } from '../publishing/publisher.ts';
import type { Quarantine } from '../stages/quarantine.ts';
import { readAttempt } from '../store/crash-attempts.ts';
import { readHalt } from '../store/halts.ts';
import { readOutbox } from '../store/outbox.ts';
import { adoptLogs, claimLane, type LaneClaim, startAt } from '../store/positions.ts';
import type { Installation } from './installation.ts';
import { factsOf, type LogFactsDeps, type LogState, readLogs } from './log-facts.ts';
import type { LaneLogIds, OutcomeMark } from './log-fingerprint.ts';
import { type LaneFacts, lostCommits, type PositionProblem, positionProblem } from './position-problem.ts';

export interface ClaimDeps {
  readonly topic: string;
  readonly owner: string;
  readonly sessions: SessionKeeper;
  /** Checks the installation id of the database before the first claim. */
  readonly installation: Installation;
  readonly logFacts: LogFactsDeps;
  readonly publisher: Publisher;
  readonly quarantine: Quarantine;
  /** Called for each outbox row that may not be published yet. */
  onUnpublished(blob: Buffer): void;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Called when the lane runs from its position. */
  onOpened(lane: Lane): void;
  /** Called if this build cannot claim the lane. Its claim is retried later, separately from the other lanes. */
  onRefused(lane: Lane): void;
  /** Called if a lane shows that the database lost commits. This affects all lanes. */
  onLostCommits(problem: PositionProblem, partition: number): Promise<void>;
  /** Ends the process, because the database belongs to another installation. */
  fatal(error: unknown): void;
}

/** Claims the lanes and retries until each one runs, is stopped, or is closed. Never rejects. */
export async function claimLanes(
  deps: ClaimDeps,
  lanes: readonly Lane[],
  signal: AbortSignal,
): Promise<void> {
  const delay = backoff({ initialMs: 100, maxMs: 2_000 });
  const claims = new Map<Lane, LaneClaim>();
  for (let attempt = 1; ; attempt++) {
    const waiting = lanes.filter((lane) => lane.state === 'claiming');
    if (waiting.length === 0 || signal.aborted) return;
    try {
      await deps.installation.check();
      await claimAll(deps, waiting, claims, signal);
      return;
    } catch (error) {
      if (error instanceof AppError && error.code === 'INSTALLATION_MISMATCH') return deps.fatal(error);
      deps.sessions.drop();
      for (const lane of waiting) lane.claimFailed(errorMessage(error));
      deps.log.warn(
        { err: error, attempt },
        `the worker cannot claim lanes and retries: ${errorMessage(error)}`,
      );
      await sleep(delay(attempt), signal).catch(() => undefined);
    }
  }
}

/** Raises all epochs first, so that one read of the logs serves all lanes. */
async function claimAll(
  deps: ClaimDeps,
  lanes: readonly Lane[],
  claims: Map<Lane, LaneClaim>,
  signal: AbortSignal,
): Promise<void> {
  const logs = await readLogs(
    deps.logFacts,
    lanes.map(({ partition }) => partition),
  );
  const session = await deps.sessions.open();
  for (const lane of lanes) {
    if (lane.state === 'claiming' && !signal.aborted)
      claims.set(lane, await claimOne(deps, session, lane, claims, logs));
  }
  const claimed = lanes.filter((lane) => claims.has(lane) && lane.state === 'claiming');
  const facts = await factsOf(
    deps.logFacts,
    claimed.map((lane) => claims.get(lane)!),
    logs,
  );
  for (const lane of claimed) {
    if (lane.state !== 'claiming' || signal.aborted) continue;
    await openOrStop(deps, session, lane, claims.get(lane)!, facts.get(lane.partition)!);
  }
}

/**
 * Opens the lane or stops it. An outbox row of a newer build, which this build cannot read, blocks only its own lane.
 */
async function openOrStop(
  deps: ClaimDeps,
  session: Session,
  lane: Lane,
  claim: LaneClaim,
  facts: LaneFacts,
): Promise<void> {
  try {
    await openOne(deps, session, lane, claim, facts);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'INTERNAL')) throw error;
    lane.claimFailed(`it cannot be claimed: ${errorMessage(error)}`, true);
    deps.log.error(
      { err: error, partition: lane.partition },
      `the worker cannot claim lane ${lane.partition}`,
    );
    deps.onRefused(lane);
  }
}

/** Raises the epoch of the lane. If an earlier attempt of this process found an unclean end, the lane stays unclean. */
async function claimOne(
  { topic, owner, metrics }: ClaimDeps,
  session: Session,
  lane: Lane,
  claims: ReadonlyMap<Lane, LaneClaim>,
  logs: LogState,
): Promise<LaneClaim> {
  const { partition } = lane;
  const before = claims.get(lane);
  const claim = await claimLane(session, topic, partition, {
    name: owner,
    epoch: before?.epoch ?? lane.position.epoch,
  });
  metrics.inc('worker_claims_total', { unclean: claim.unclean ? 'true' : 'false' });
  const unclean = claim.unclean || before?.unclean === true;
  const low = logs.commands.get(partition)?.low ?? 0;
  const isNew = claim.first && low > 0 && (await startAt(session, topic, claim, low));
  return { ...claim, unclean, ...(isNew && { nextOffset: low, publishedOffset: low, prevOffset: low - 1 }) };
}

async function openOne(
  deps: ClaimDeps,
  session: Session,
  lane: Lane,
  claim: LaneClaim,
  facts: LaneFacts,
): Promise<void> {
  const { topic, metrics, log } = deps;
  const { partition, epoch, nextOffset, record, outcome, prevOffset } = claim;
  const provenAtMs = performance.now();
  const problem = positionProblem(facts);
  if (problem !== null) {
    metrics.inc('worker_lanes_refused_total', { why: problem.why });
    lane.stop(problem.message, problem.why);
    if (lostCommits.has(problem.why)) await deps.onLostCommits(problem, partition);
    return;
  }
  const halt = await readHalt(session);
  if (halt !== null) return lane.stop(halt.message, halt.why);
  const logs = facts.found;
  if (isAnotherLog(claim.logs, logs) && !(await adoptLogs(session, topic, claim, logs)))
    throw appError('ABORTED');
  const probation = claim.unclean ? await doubt(deps, session, claim, nextOffset) : null;
  log.info({ partition, epoch, nextOffset, probation }, `the worker claimed lane ${partition}`);
  const unpublished = await readOutbox(session, topic, partition);
  const publishedOffset = unpublished[0]?.from ?? nextOffset;
  lane.claimed(
    { epoch, nextOffset, publishedOffset, prevOffset, logs, record, outcome: markOrEnd(outcome, facts) },
    probation,
  );
  for (const row of unpublished) {
    deps.publisher.publish({ lane, epoch, provenAtMs, ...row });
    deps.onUnpublished(row.blob);
  }
  deps.onOpened(lane);
}

/** The stored mark. A lane of an older worker has no mark and begins with the newest outcome in the topic. */
function markOrEnd(outcome: OutcomeMark, { lastSource, events }: LaneFacts): OutcomeMark {
  return outcome.source >= 0 || lastSource === null
    ? outcome
    : { source: lastSource, offset: events.high - 1 };
}

function isAnotherLog(stored: LaneLogIds, found: LaneLogIds): boolean {
  return (
    stored.clusterId !== found.clusterId ||
    stored.commands !== found.commands ||
    stored.events !== found.events
  );
}

async function doubt(deps: ClaimDeps, session: Session, claim: LaneClaim, nextOffset: number) {
  const attempt = await readAttempt(session, deps.topic, claim.partition, nextOffset);
  if (attempt !== null && deps.quarantine.attemptCrashed(claim.partition, attempt)) {
    deps.log.error(
      { partition: claim.partition, offset: attempt.offset, deaths: attempt.attempts },
      'the worker quarantines a record that crashed its process repeatedly',
    );
  }
  return startProbation(nextOffset, attempt);
}

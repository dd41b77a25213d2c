/**
 * Taking a lane over: raise its epoch, hold its position against the log, publish again what its last owner may not
 * have published, and only then open it. A position that does not fit the log means that the database or the log has
 * lost something; such a lane stops, as going on would decide commands twice or never.
 */
import { AppError, errorMessage } from '../shared/errors/index.ts';
import type { KafkaAdmin } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Session } from '../shared/mysql/index.ts';
import { backoff, sleep } from '../shared/retry/index.ts';
import type { Lane } from './lane.ts';
import { type LaneFacts, positionProblem } from './position-problem.ts';
import { isKiller, startProbation } from './probation.ts';
import type { Publisher } from './publisher.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { type Verdicts, verdictKey } from './stages/decode.ts';
import { readMark } from './store/attempts.ts';
import { readOutbox } from './store/outbox.ts';
import { type Claim, claimLane, startAt } from './store/positions.ts';

export interface ClaimDeps {
  readonly topic: string;
  readonly groupId: string;
  readonly owner: string;
  readonly sessions: SessionKeeper;
  readonly admin: KafkaAdmin;
  /** Source offset of the newest event of each lane that has one. */
  lastSourceOffsets(partitions: readonly number[]): Promise<ReadonlyMap<number, number>>;
  readonly publisher: Publisher;
  readonly verdicts: Verdicts;
  /** An outbox row was found that may not be published yet. */
  onUnpublished(blob: Buffer): void;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The lane runs from its position on. */
  onOpened(lane: Lane): void;
  /** The lane cannot be claimed by this build now: it is to be tried again later, apart from the others. */
  onRefused(lane: Lane): void;
}

/** How often the log's end is read before a position beyond it is believed. */
const endReadsMax = 4;
const endReadEveryMs = 250;

/** How the logs stand, read before the lanes are claimed: positions found afterwards can only be further. */
interface LogState {
  readonly commands: ReadonlyMap<number, { low: bigint; high: bigint }>;
  readonly groupOffsets: ReadonlyMap<number, bigint | null>;
  /** Source offset of the last event of each lane, where it has one. */
  readonly lastSourceOffsets: ReadonlyMap<number, number>;
}

/** Claims the lanes, again and again until each runs, is stopped, or is closed. Never rejects. */
export async function claimLanes(
  deps: ClaimDeps,
  lanes: readonly Lane[],
  signal: AbortSignal,
): Promise<void> {
  const delay = backoff({ initialMs: 100, maxMs: 2_000 });
  for (let attempt = 1; ; attempt++) {
    const waiting = lanes.filter((lane) => lane.state === 'claiming');
    if (waiting.length === 0 || signal.aborted) return;
    try {
      const logs = await readLogs(deps, waiting);
      const session = await deps.sessions.open();
      for (const lane of waiting) {
        if (lane.state === 'claiming' && !signal.aborted) await claimOrStop(deps, session, lane, logs);
      }
      return;
    } catch (error) {
      deps.sessions.drop();
      for (const lane of waiting) lane.waits.begin('claim', errorMessage(error));
      deps.log.warn({ err: error, attempt }, `lanes cannot be claimed now: ${errorMessage(error)}`);
      await sleep(delay(attempt), signal).catch(() => undefined);
    }
  }
}

/** What this build cannot read (an outbox row of a newer one) holds up its own lane, not the claims behind it. */
async function claimOrStop(deps: ClaimDeps, session: Session, lane: Lane, logs: LogState): Promise<void> {
  try {
    await claimOne(deps, session, lane, logs);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'INTERNAL')) throw error;
    lane.waits.begin('claim', `it cannot be claimed: ${errorMessage(error)}`, true);
    deps.log.error({ err: error, partition: lane.partition }, `lane ${lane.partition} cannot be claimed`);
    deps.onRefused(lane);
  }
}

async function readLogs(deps: ClaimDeps, lanes: readonly Lane[]): Promise<LogState> {
  const { admin, topic, groupId } = deps;
  const [commands, groupOffsets, lastSourceOffsets] = await Promise.all([
    admin.endOffsets(topic),
    admin.groupOffsets(groupId, topic),
    deps.lastSourceOffsets(lanes.map((lane) => lane.partition)),
  ]);
  return { commands, groupOffsets, lastSourceOffsets };
}

async function claimOne(deps: ClaimDeps, session: Session, lane: Lane, logs: LogState): Promise<void> {
  const { topic, owner, metrics, log } = deps;
  const { partition } = lane;
  const claim = await claimLane(session, topic, partition, { name: owner, epoch: lane.epoch });
  metrics.inc('worker_claims_total', { unclean: String(claim.unclean) });
  const low = Number(logs.commands.get(partition)?.low ?? 0n);
  let { nextOffset } = claim;
  if (claim.first && low > 0 && (await startAt(session, topic, claim, low))) nextOffset = low;
  const reached = await reachedBy(nextOffset, deps, partition, logs);
  const problem = positionProblem(factsOf(nextOffset, partition, reached));
  if (problem !== null) {
    metrics.inc('worker_lanes_refused_total', { why: problem.why });
    return lane.stop(problem.message);
  }
  const probation = claim.unclean ? await doubt(deps, session, claim, nextOffset) : null;
  log.info({ partition, epoch: claim.epoch, nextOffset, probation }, `lane ${partition} claimed`);
  const unpublished = await readOutbox(session, topic, partition);
  const publishedOffset = unpublished[0]?.from ?? nextOffset;
  lane.open({ epoch: claim.epoch, nextOffset, publishedOffset }, probation);
  for (const row of unpublished) {
    deps.publisher.publish({ lane, epoch: claim.epoch, ...row });
    deps.onUnpublished(row.blob);
  }
  deps.onOpened(lane);
}

/**
 * The logs, with their ends read again while the position lies beyond them: the owner before may have gone on until the
 * claim, and a leader that was just elected may not know yet how far its log is valid.
 */
async function reachedBy(
  nextOffset: number,
  { admin, topic }: ClaimDeps,
  partition: number,
  logs: LogState,
): Promise<LogState> {
  let { commands } = logs;
  for (let read = 0; read < endReadsMax && nextOffset > Number(commands.get(partition)?.high ?? 0n); read++) {
    if (read > 0) await sleep(endReadEveryMs);
    commands = await admin.endOffsets(topic);
  }
  return { ...logs, commands };
}

/** The facts that the position of one lane is held against. */
function factsOf(nextOffset: number, partition: number, logs: LogState): LaneFacts {
  const { low, high } = logs.commands.get(partition) ?? { low: 0n, high: 0n };
  const committed = logs.groupOffsets.get(partition) ?? null;
  return {
    nextOffset,
    commands: { low: Number(low), high: Number(high) },
    groupOffset: committed === null ? null : Number(committed),
    lastSource: logs.lastSourceOffsets.get(partition) ?? null,
  };
}

async function doubt(deps: ClaimDeps, session: Session, claim: Claim, nextOffset: number) {
  const mark = await readMark(session, deps.topic, claim.partition, nextOffset);
  if (isKiller(mark)) {
    const message = `The worker died ${mark.attempts} times while it worked this record alone.`;
    deps.verdicts.set(verdictKey(claim.partition, mark.offset), { code: 'QUARANTINED', message });
    deps.log.error(
      { partition: claim.partition, offset: mark.offset, deaths: mark.attempts },
      'a record is quarantined',
    );
  }
  return startProbation(nextOffset, mark);
}

/**
 * Checks that logs and tables are still the ones on which the lanes were claimed. An idle lane does not notice
 * a change. A database that was restored from a backup affects all lanes. One lane could sell stock that
 * another lane has already sold. So if one lane shows lost commits, the guard halts the whole pipeline. It
 * writes a row that every worker reads.
 */
import { appError, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { type Halt, readHalt, writeHalt } from '../store/halts.ts';
import { adoptLogs, readAllLanes } from '../store/positions.ts';
import {
  factsOf,
  type LogFactsDeps,
  readEventRanges,
  readIds,
  readLogs,
  readLogsThere,
  readRanges,
} from './log-facts.ts';
import { type LaneLogIds, positionOf } from './log-fingerprint.ts';
import { lostCommits, type PositionProblem, positionProblem } from './position-problem.ts';

export interface GuardDeps {
  readonly logFacts: LogFactsDeps;
  readonly db: Queryable;
  readonly owner: string;
  lanes(): Iterable<Lane>;
  /** Claims a stopped lane that matches its logs again. */
  retry(lane: Lane): void;
  /** Called if a lane has another owner. */
  onFenceLost(lane: Lane): void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Guard {
  /** Rejects and halts the pipeline if the database shows lost commits on any lane. */
  beforeUse(db: Pick<Queryable, 'rows'>): Promise<void>;
  /** Stops every lane of this process. Writes a row that stops the lanes of all other workers. */
  halt(problem: Pick<PositionProblem, 'why' | 'message'>, partition: number): Promise<void>;
  /** Halts the pipeline, because the stored position is before the committed one. Never rejects. */
  wentBack(lane: Lane): Promise<void>;
  stop(): void;
}

const lookEveryMs = 1_000;
/** Number of checks between two comparisons of single records, and between two retries of stopped lanes. */
const marksEveryLooks = 10;
const retryEveryLooks = 3;

export function createGuard(deps: GuardDeps): Guard {
  const { log } = deps;
  let looks = 0;
  let isLooking = false;

  const lookNow = async () => {
    looks += 1;
    try {
      await look(deps, looks);
    } catch (error) {
      // The servers are unavailable. The lanes wait for them too, so the comparison can wait.
      log.debug(
        { err: error },
        `the guard cannot compare logs and tables; it retries: ${errorMessage(error)}`,
      );
    }
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void lookNow().finally(() => {
      isLooking = false;
    });
  }, lookEveryMs);

  return {
    beforeUse: (db) => checkAll(deps, db),
    halt: (problem, partition) => halt(deps, problem, partition),
    wentBack: (lane) =>
      wentBack(deps, lane).catch((error: unknown) =>
        log.error({ err: error }, 'the guard cannot store the halt of the pipeline'),
      ),
    stop: () => clearInterval(timer),
  };
}

async function look(deps: GuardDeps, looks: number): Promise<void> {
  const { logFacts, db } = deps;
  const lanes = [...deps.lanes()];
  if (lanes.length === 0) return;
  const ids = await readIds(logFacts.probe, logFacts.topic);
  const [commands, events] = await Promise.all([
    readRanges(logFacts.admin, logFacts.topic),
    readEventRanges(logFacts, ids),
  ]);
  const running = lanes.filter(({ state }) => state === 'running');
  // Rows are read later than the logs, so they can only be ahead of them.
  const known = running.map((lane) => ({ lane, ...lane.position }));
  const [rows, standing] = [await readAllLanes(db, logFacts.topic), await readHalt(db)];
  if (standing !== null) return stopAll(deps, standing);
  deps.metrics.set('worker_halted', 0);
  for (const { lane, epoch, nextOffset } of known) {
    const row = rows.find(({ partition }) => partition === lane.partition);
    if (lane.state !== 'running' || lane.position.epoch !== epoch) continue;
    if (row === undefined || (row.nextOffset < nextOffset && row.epoch <= epoch)) return wentBack(deps, lane);
    if (row.epoch !== epoch) deps.onFenceLost(lane);
  }
  const suspicious = running.filter((lane) => {
    const { partition } = lane;
    const { nextOffset, outcome, logs } = lane.position;
    return (
      looks % marksEveryLooks === 0 ||
      (logs !== null && isOther(logs, ids)) ||
      nextOffset > (commands.get(partition)?.high ?? 0) ||
      nextOffset < (commands.get(partition)?.low ?? 0) ||
      outcome.offset >= (events.get(partition)?.high ?? Number.POSITIVE_INFINITY)
    );
  });
  await judgeRunning(deps, suspicious);
  await stopMoved(deps, known, rows);
  if (looks % retryEveryLooks === 0) await retryStopped(deps, lanes, rows);
}

/** Compares running lanes with the logs, as a claim does. Stops the lanes that do not match. */
async function judgeRunning(deps: GuardDeps, lanes: readonly Lane[]): Promise<void> {
  if (lanes.length === 0) return;
  const partitions = lanes.map(({ partition }) => partition);
  const logs = await readLogs(deps.logFacts, partitions);
  const held = lanes.map((lane) => ({ lane, epoch: lane.position.epoch, ...standingOf(lane, logs.ids) }));
  const facts = await factsOf(deps.logFacts, held, logs);
  for (const { lane, epoch, partition } of held) {
    if (lane.state !== 'running' || lane.position.epoch !== epoch) continue;
    const problem = positionProblem(facts.get(partition)!);
    if (problem === null) {
      // The topic was recreated before the lane used it, so the lane adopts the new one.
      if (lane.position.logs === null || isOther(lane.position.logs, logs.ids)) {
        await adoptLogs(deps.db, deps.logFacts.topic, { partition, epoch }, logs.ids);
        lane.logsAdopted(logs.ids);
      }
      continue;
    }
    deps.metrics.inc('worker_lanes_refused_total', { why: problem.why });
    lane.stop(problem.message, problem.why);
    if (lostCommits.has(problem.why)) return halt(deps, problem, partition);
  }
}

/** Stops running lanes whose rows have a position that no worker wrote. An idle lane would not notice the change. */
async function stopMoved(
  deps: GuardDeps,
  known: readonly { lane: Lane; epoch: number }[],
  rows: Awaited<ReturnType<typeof readAllLanes>>,
): Promise<void> {
  const moved = rows.filter(({ nextOffset, record }) => (positionOf(record) ?? nextOffset) < nextOffset);
  const own = known.flatMap(({ lane, epoch }) => {
    const row = moved.find(({ partition }) => partition === lane.partition);
    return row?.epoch === epoch ? [{ lane, row }] : [];
  });
  if (own.length === 0) return;
  const logs = await readLogs(
    deps.logFacts,
    own.map(({ row }) => row.partition),
  );
  const facts = await factsOf(
    deps.logFacts,
    own.map(({ row }) => row),
    logs,
  );
  for (const { lane, row } of own) {
    const problem = positionProblem(facts.get(row.partition)!);
    if (problem?.why !== 'positionMoved' || lane.state !== 'running') continue;
    if (lane.position.epoch !== row.epoch) continue;
    deps.metrics.inc('worker_lanes_refused_total', { why: problem.why });
    lane.stop(problem.message, problem.why);
  }
}

function standingOf({ partition, position }: Lane, ids: LaneLogIds) {
  const { nextOffset, ackedOffset, logs, record, outcome } = position;
  // The mark is as new as the position, so no proof from the outbox is necessary.
  return {
    partition,
    nextOffset,
    publishedOffset: ackedOffset,
    logs: logs ?? ids,
    record,
    outcome,
    outboxEnd: -1,
  };
}

/** Claims lanes again that were stopped because of a mismatch, once their rows match. */
async function retryStopped(
  deps: GuardDeps,
  lanes: readonly Lane[],
  rows: Awaited<ReturnType<typeof readAllLanes>>,
): Promise<void> {
  const stopped = lanes.filter(({ stopReason }) => (stopReason?.code ?? null) !== null);
  const own = rows.filter(({ partition }) => stopped.some((lane) => lane.partition === partition));
  if (own.length === 0) return;
  const logs = await readLogs(
    deps.logFacts,
    own.map(({ partition }) => partition),
  );
  const facts = await factsOf(deps.logFacts, own, logs);
  for (const lane of stopped) {
    const found = facts.get(lane.partition);
    if (found !== undefined && positionProblem(found) === null) deps.retry(lane);
  }
}

/** Checks all lanes, because other workers may not have noticed a problem of their lanes yet. */
async function checkAll(deps: GuardDeps, db: Pick<Queryable, 'rows'>): Promise<void> {
  const { logFacts } = deps;
  const partitions = [...(await readRanges(logFacts.admin, logFacts.topic)).keys()];
  const logs = await readLogsThere(logFacts, partitions);
  const standing = await readHalt(db);
  if (standing !== null) {
    stopAll(deps, standing);
    throw appError('ABORTED');
  }
  for (const row of await readAllLanes(db, logFacts.topic)) {
    const { partition, nextOffset } = row;
    // Offsets of other logs say nothing about this database. The claims of these lanes find the difference.
    if (isOther(row.logs, logs.ids)) continue;
    const group = Number(logs.groupOffsets.get(partition) ?? -1n);
    const source = logs.lastSources.get(partition) ?? -1;
    if (group <= nextOffset && source < nextOffset) continue;
    const why = group > nextOffset ? 'behindGroup' : 'behindEvents';
    const beyond =
      group > nextOffset ? `the group's offset ${group}` : `the published outcome of offset ${source}`;
    const message = `its position ${nextOffset} lies behind ${beyond}: the database has lost commits`;
    await halt(deps, { why, message }, partition);
    throw appError('ABORTED');
  }
}

async function wentBack(deps: GuardDeps, lane: Lane): Promise<void> {
  const message = `its position in the database lies before ${lane.position.nextOffset}, which was committed: the database has lost commits`;
  deps.metrics.inc('worker_lanes_refused_total', { why: 'wentBack' });
  lane.stop(message, 'wentBack');
  await halt(deps, { why: 'wentBack', message }, lane.partition);
}

async function halt(
  deps: GuardDeps,
  { why, message }: Pick<PositionProblem, 'message'> & { why: string },
  partition: number,
): Promise<void> {
  const { db, owner, log } = deps;
  const found = {
    why: 'lostCommits',
    message:
      `lane ${partition}: ${message.split(';')[0]}. All lanes are stopped: restore the newer data, ` +
      'then run `orderstream recover continue`',
    detectedBy: owner,
  };
  log.error({ partition, why }, `the guard halts the pipeline because of ${found.message}`);
  stopAll(deps, found);
  await writeHalt(db, found);
}

function stopAll({ lanes, metrics }: GuardDeps, { why, message }: Pick<Halt, 'why' | 'message'>): void {
  metrics.set('worker_halted', 1);
  for (const lane of lanes()) if (lane.state === 'running') lane.stop(message, why);
}

function isOther(a: LaneLogIds, b: LaneLogIds): boolean {
  const differ = (x: string, y: string) => x !== '' && y !== '' && x !== y;
  return differ(a.commands, b.commands) || differ(a.events, b.events) || differ(a.clusterId, b.clusterId);
}

/**
 * Commits a batch. Retries until the batch is committed, its lanes have another owner, or it cannot begin. This file
 * applies the remedy for every result and every error of an attempt.
 *
 *   trying ──► committed          done
 *     ▲  └───► fence lost         a worker claims the lane again
 *     │  └───► nothing to do      all lanes are held or stopped
 *     └── remedy: retry, halve, wait, read ids first, or use another session
 */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { type Backoff, backoff, sleep } from '../../shared/retry/index.ts';
import { errorTypeOf, noTraces, type Traces } from '../../shared/trace/index.ts';
import { firstHalf, type LaneBatch, recordCount } from '../lanes/batch.ts';
import { type BatchResult, type CommittedBatch, type PipelineDeps, runBatch } from '../pipeline.ts';
import { type BatchTrace, createBatchTrace } from '../stages/batch-trace.ts';
import type { Shortage } from '../stages/levels.ts';
import { findLostLanes, type LostLaneDeps } from '../takeover/lost-lanes.ts';
import { judgeAlone } from '../waits/judge-record.ts';
import type { ExclusiveRun } from './exclusive-run.ts';
import { remedyFor } from './remedies.ts';
import type { SessionKeeper } from './session-keeper.ts';

export interface BatchRetryDeps extends Omit<PipelineDeps, 'session' | 'trace'>, LostLaneDeps {
  readonly traces?: Traces;
  readonly sessions: SessionKeeper;
  /** Shared by the writers of a process, so that a suspect record runs while no other record does. */
  readonly exclusiveRun: ExclusiveRun;
  /** Called right after the COMMIT, before any further batch of these lanes. */
  onCommitted(batch: CommittedBatch, trace: BatchTrace): void;
}

/** Number of consecutive conflicts after which the batch is halved. */
const contentionMax = 5;
/**
 * Number of consecutive outages, or shortages of stock, after which the batch is halved. A large batch may break the
 * connection. A batch may need more short SKUs than `low.stock` can hold.
 */
const failuresMax = 3;

const contention: Backoff = backoff({ initialMs: 10, maxMs: 200 });
const outage: Backoff = backoff({ initialMs: 50, maxMs: 1_000 });

type Next = 'again' | 'done';

interface BatchAttempt {
  batch: LaneBatch[];
  readonly signal: AbortSignal;
  idsRead: boolean;
  contended: number;
  outages: number;
  shortages: number;
  /** Number of unknown errors of the server. */
  doubts: number;
  /** Whether the database accepted a test batch after the record had failed alone. */
  rehearsed: boolean;
}

/** Commits the batch. Never rejects. Ends early when `signal` aborts, and then leaves no partial results. */
export async function commitBatch(
  deps: BatchRetryDeps,
  batch: LaneBatch[],
  signal: AbortSignal,
): Promise<void> {
  const attempt: BatchAttempt = {
    batch,
    signal,
    idsRead: false,
    contended: 0,
    outages: 0,
    shortages: 0,
    doubts: 0,
    rehearsed: false,
  };
  let next: Next = 'again';
  while (next === 'again' && !signal.aborted) {
    attempt.batch = attempt.batch.filter(isStillOurs);
    if (attempt.batch.length === 0) return;
    let session: Session | null = null;
    const trace = createBatchTrace(deps.traces ?? noTraces);
    try {
      session = await deps.sessions.open();
      const pipeline = { ...deps, session, trace };
      const mode = attempt.batch.some(({ alone }) => alone) ? 'exclusive' : 'shared';
      const result = await deps.exclusiveRun.run(mode, () => runBatch(pipeline, attempt.batch));
      trace.end(result.kind === 'committed' ? null : result.kind);
      if (result.kind === 'committed') return deps.onCommitted(result, trace);
      next = await actOn(deps, result, attempt, session);
    } catch (error) {
      trace.end(errorTypeOf(error));
      next = await remedy(deps, error, attempt, session, trace);
    }
  }
}

function isStillOurs({ lane, epoch }: LaneBatch): boolean {
  return lane.state === 'running' && lane.position.epoch === epoch;
}

async function actOn(
  deps: BatchRetryDeps,
  result: Exclude<BatchResult, CommittedBatch>,
  attempt: BatchAttempt,
  session: Session,
): Promise<Next> {
  switch (result.kind) {
    case 'nothing':
      return 'done';
    case 'fenceLost':
      await session.rollback();
      await findLostLanes(
        deps,
        session,
        attempt.batch.map(({ lane }) => lane),
      );
      return 'done';
    case 'short':
      deps.low.stock.add(result.skus);
      deps.low.totals.add(result.codes);
      deps.low.customers.add(result.customers);
      deps.low.unpaid.add(result.unpaid);
      deps.metrics.inc('worker_batch_retries_total', { cause: causeOf(result) });
      attempt.shortages += 1;
      if (attempt.shortages % failuresMax === 0) {
        attempt.batch = firstHalf(attempt.batch);
        await pause(contention, attempt.shortages, attempt.signal);
      }
      return 'again';
  }
}

function causeOf({ skus, codes, customers }: Shortage): 'shortOfStock' | 'shortOfCoupons' | 'unpaidLimit' {
  if (skus.length > 0) return 'shortOfStock';
  return codes.length + customers.length > 0 ? 'shortOfCoupons' : 'unpaidLimit';
}

async function remedy(
  deps: BatchRetryDeps,
  error: unknown,
  attempt: BatchAttempt,
  session: Session | null,
  { fields }: BatchTrace,
): Promise<Next> {
  const { log, metrics, sessions, onFenceLost } = deps;
  const needed = remedyFor(error);
  metrics.inc('worker_batch_retries_total', { cause: needed });
  log.warn(
    { err: error, remedy: needed, records: recordCount(attempt.batch), ...fields },
    'the batch failed; the writer applies the remedy',
  );
  if (session !== null) await rollBack(deps, session);
  for (const { lane } of attempt.batch) lane.decideFailed(errorMessage(error));
  switch (needed) {
    case 'readIds':
      if (attempt.idsRead) return suspect(deps, error, attempt);
      attempt.idsRead = true;
      for (const { lane } of attempt.batch) lane.duplicateFound();
      return 'again';
    case 'bisect':
      if (recordCount(attempt.batch) === 1) return judgeAlone(deps, attempt, error);
      attempt.batch = firstHalf(attempt.batch);
      return 'again';
    case 'contend':
      attempt.contended += 1;
      if (attempt.contended % contentionMax === 0) attempt.batch = firstHalf(attempt.batch);
      await pause(contention, attempt.contended, attempt.signal);
      return 'again';
    case 'reclaim':
      sessions.drop();
      for (const { lane } of attempt.batch) onFenceLost(lane);
      return 'done';
    case 'reconnect':
      sessions.drop();
      await pause(outage, ++attempt.outages, attempt.signal);
      if (attempt.outages % failuresMax === 0) attempt.batch = firstHalf(attempt.batch);
      return 'again';
    case 'wait':
      await pause(outage, ++attempt.outages, attempt.signal);
      return 'again';
    case 'suspect':
      return suspect(deps, error, attempt);
    case 'hold':
      return hold(attempt, error);
  }
}

/** An outage may end, but a bad record fails every time. So the writer retries the batch before it halves the batch. */
async function suspect(deps: BatchRetryDeps, error: unknown, attempt: BatchAttempt): Promise<Next> {
  attempt.doubts += 1;
  await pause(contention, attempt.doubts, attempt.signal);
  if (attempt.doubts < failuresMax) return 'again';
  if (recordCount(attempt.batch) === 1) return judgeAlone(deps, attempt, error);
  attempt.batch = firstHalf(attempt.batch);
  return 'again';
}

/**
 * The program fails on one record. The writer commits the records before it. Then the lane waits, and other lanes
 * continue.
 */
function hold(attempt: BatchAttempt, error: unknown): Next {
  if (recordCount(attempt.batch) > 1) {
    attempt.batch = firstHalf(attempt.batch);
    return 'again';
  }
  attempt.batch[0]!.lane.blocked(`a record cannot be processed: ${errorMessage(error)}`, {
    needsOperator: true,
    alone: true,
  });
  return 'done';
}

/** Waits before the next attempt. Ends early when the writer stops. */
async function pause(delay: Backoff, attempt: number, signal: AbortSignal): Promise<void> {
  await sleep(delay(attempt), signal).catch(() => undefined);
}

async function rollBack({ log, sessions }: BatchRetryDeps, session: Session): Promise<void> {
  try {
    if (session.alive) await session.rollback();
  } catch (error) {
    // A live connection must not keep a partial transaction. The server rolls back the transaction of a closed
    // connection.
    log.debug({ err: error }, 'the rollback failed: the writer closes the connection');
    sessions.drop();
  }
}

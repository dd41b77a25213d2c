/**
 * A writer commits batches on its own database session and passes their outcomes to the publisher. While the
 * publisher sends one batch, the writer runs the next.
 */
import { type Mysql, type Session, StatementBuffer } from '../../shared/mysql/index.ts';
import type { LaneBatch } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';
import type { CommittedBatch } from '../pipeline.ts';
import { cleanUpOutbox } from '../publishing/outbox-cleanup.ts';
import type { Publisher } from '../publishing/publisher.ts';
import type { BatchTrace } from '../stages/batch-trace.ts';
import { createCatalogue } from '../store/catalogue.ts';
import { createRuleBook } from '../store/rule-book.ts';
import { findLostLanes } from '../takeover/lost-lanes.ts';
import { type BatchRetryDeps, commitBatch } from './batch-retry.ts';
import { createExclusiveRun } from './exclusive-run.ts';
import { createLowLevels } from './low-stock.ts';
import { createSessionKeeper } from './session-keeper.ts';

/** Commits batches, one task at a time. Its promises never reject. */
export interface Writer {
  /**
   * Resolves when the batch is committed or cannot be committed. Ends early when `signal` aborts, and then leaves no
   * partial results.
   */
  commit(batch: LaneBatch[], signal: AbortSignal): Promise<void>;
  /** Deletes the acknowledged outbox rows of lanes. */
  cleanUp(lanes: readonly Lane[]): Promise<void>;
  keepAlive(): Promise<void>;
  close(): Promise<void>;
}

type OwnDeps = 'buffer' | 'sessions' | 'catalogue' | 'ruleBook' | 'low' | 'exclusiveRun';

export interface WriterDeps extends Omit<BatchRetryDeps, OwnDeps> {
  readonly mysql: Mysql;
  readonly publisher: Publisher;
  /**
   * Runs before a writer uses a new session, because the database may have been restored while the connection was
   * down.
   */
  beforeUse?(session: Session): Promise<void>;
}

/** Creates `count` writers. Each has its own session, buffer and catalogue. */
export function createWriters(count: number, deps: WriterDeps): Writer[] {
  const shared = { low: createLowLevels(), exclusiveRun: createExclusiveRun() };
  return Array.from({ length: count }, (_, index) =>
    createWriter({ ...deps, log: deps.log.child({ writer: index }) }, shared),
  );
}

function createWriter(deps: WriterDeps, shared: Pick<BatchRetryDeps, 'low' | 'exclusiveRun'>): Writer {
  const { topic, log, keepOutcomes = false } = deps;
  const sessions = createSessionKeeper(deps);
  const buffer = new StatementBuffer();
  const retryDeps: BatchRetryDeps = {
    ...deps,
    ...shared,
    sessions,
    buffer,
    catalogue: createCatalogue(),
    ruleBook: createRuleBook(),
    onCommitted: (batch, trace) => publishCommitted(deps, batch, trace),
  };

  /** Runs an optional task. Logs its error, and drops the session so that the next task opens another. */
  const tryTask = async (task: () => Promise<void>, what: string) => {
    try {
      await task();
    } catch (error) {
      log.warn({ err: error }, `${what} failed; the writer opens another session`);
      sessions.drop();
    }
  };

  return {
    commit: (batch, signal) => commitBatch(retryDeps, batch, signal),
    cleanUp: (lanes) =>
      // After a failure, the next batch deletes these rows, or the next owner publishes their messages again.
      tryTask(async () => {
        const session = await sessions.open();
        if (!(await cleanUpOutbox(session, buffer, topic, lanes, keepOutcomes)))
          await findLostLanes(deps, session, lanes);
      }, 'the clean-up of acknowledged outbox rows'),
    keepAlive: () => tryTask(() => sessions.keepAlive(), 'a ping'),
    close: () => sessions.close(),
  };
}

/** Removes the committed records from their lanes, and passes the outcomes to the publisher. */
function publishCommitted(deps: WriterDeps, batch: CommittedBatch, trace: BatchTrace): void {
  const { publisher, quarantine, metrics, log } = deps;
  const { parts, records, counts, refusals, provenAtMs, ms } = batch;
  const { traceparent, fields } = trace;
  for (const part of parts) {
    const { lane, epoch, from, to, blob, deadLetters, timings } = part;
    for (const { offset } of deadLetters) quarantine.lift(lane.partition, offset);
    lane.committed(part);
    publisher.publish({ lane, epoch, from, to, blob, provenAtMs, timings, traceparent });
  }
  deps.onCommitted(batch, trace);
  metrics.observe('worker_batch_seconds', ms / 1_000);
  metrics.observe('worker_batch_records', records);
  for (const [reason, count] of refusals) metrics.inc('decisions_refused_total', { reason }, count);
  for (const [outcome, count] of counts) metrics.inc('worker_outcomes_total', { outcome }, count);
  log.info(
    { records, lanes: parts.length, ms: Math.round(ms), counts: Object.fromEntries(counts), ...fields },
    'the writer committed a batch',
  );
}

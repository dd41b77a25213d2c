/**
 * A writer works batches on a database session of its own, and gives what stands to the publisher: while a batch is
 * being published, the next runs.
 */
import { StatementBuffer } from '../../shared/mysql/index.ts';
import type { Committed } from '../pipeline.ts';
import { settleLanes } from '../publishing/outbox-cleanup.ts';
import type { Publisher } from '../publishing/publisher.ts';
import { verdictKey } from '../stages/quarantine.ts';
import { findLostLanes } from '../takeover/lost-lanes.ts';
import { type BatchWorkDeps, workBatch } from './batch-retry.ts';
import type { Writer } from './dispatcher.ts';

export interface WriterDeps extends Omit<BatchWorkDeps, 'buffer'> {
  readonly publisher: Publisher;
}

export function createWriter(deps: WriterDeps): Writer {
  const { sessions, topic, log } = deps;
  const onCommitted = (batch: Committed) => {
    handOver(deps, batch);
    deps.onCommitted(batch);
    measure(deps, batch);
  };
  const buffer = new StatementBuffer();
  const work: BatchWorkDeps = { ...deps, buffer, onCommitted };

  /** What is tidied or kept ready while nothing else is to do. Nothing depends on it. */
  const whenIdle = async (task: () => Promise<void>, what: string) => {
    try {
      await task();
    } catch (error) {
      log.warn({ err: error }, `${what} failed; the session is reopened`);
      sessions.drop();
    }
  };

  return {
    work: (batch, signal) => workBatch(work, batch, signal),
    settle: (lanes) =>
      // Left undone, the next batch deletes these rows, or the next owner publishes them again.
      whenIdle(async () => {
        const session = await sessions.open();
        if (!(await settleLanes(session, buffer, topic, lanes, deps.keepOutcomes ?? false)))
          await findLostLanes(deps, session, lanes);
      }, 'to settle acknowledged outbox rows'),
    keepAlive: () => whenIdle(() => sessions.keepAlive(), 'a ping'),
  };
}

/** Takes a batch that stands off its lanes, and gives its outcomes to the publisher. */
function handOver({ publisher, verdicts }: WriterDeps, { parts, provenAtMs }: Committed): void {
  for (const part of parts) {
    const { lane, epoch, from, to, blob, deadLetters } = part;
    for (const { offset } of deadLetters) verdicts.delete(verdictKey(lane.partition, offset));
    lane.committed(part);
    publisher.publish({ lane, epoch, from, to, blob, provenAtMs });
  }
}

function measure({ metrics, log }: WriterDeps, { records, counts, parts, ms }: Committed): void {
  metrics.observe('worker_batch_seconds', ms / 1_000);
  metrics.observe('worker_batch_records', records);
  for (const outcome in counts) metrics.inc('worker_outcomes_total', { outcome }, counts[outcome]);
  log.info({ records, lanes: parts.length, ms: Math.round(ms), counts }, 'batch committed');
}

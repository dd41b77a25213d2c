/**
 * A writer owns one database session and a fixed share of the lanes. It takes what its lanes hold as soon as its last
 * transaction is done: load, not a timer, sets the size of a batch. While a batch is being published, the next runs.
 *
 *   idle ◄──► working ──► stopped      woken by its lanes; settles acknowledged rows when nothing else is to do
 */
import { StatementBuffer } from '../shared/mysql/index.ts';
import { type BatchLimits, takeBatch } from './batch.ts';
import { type BatchWorkDeps, workBatch } from './batch-work.ts';
import { createDoorbell, type Doorbell } from './doorbell.ts';
import type { Lane } from './lane.ts';
import { findLostLanes } from './lost-lanes.ts';
import type { Committed } from './pipeline.ts';
import { growProbation } from './probation.ts';
import type { Publisher } from './publisher.ts';
import { settleLanes } from './settle.ts';
import { verdictKey } from './stages/decode.ts';

export interface WriterDeps extends Omit<BatchWorkDeps, 'buffer' | 'onCommitted'> {
  readonly publisher: Publisher;
  readonly limits: BatchLimits;
  /** A batch stands and all its outcomes are acknowledged. */
  onAcknowledged(batch: Committed): void;
}

/** How long an idle writer waits for company of acknowledgements before it settles them. */
const settleAfterIdleMs = 100;
/** How long it sleeps with nothing to settle; its session wants a ping now and then. */
const idleMs = 1_000;

export class Writer {
  readonly #deps: WriterDeps;
  readonly #work: BatchWorkDeps;
  readonly #lanes: Lane[] = [];
  readonly #stopping = new AbortController();
  readonly #doorbell: Doorbell = createDoorbell();
  readonly #done: Promise<void>;
  #turn = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    const onCommitted = (batch: Committed) => this.#handOver(batch);
    this.#work = { ...deps, buffer: new StatementBuffer(), onCommitted };
    this.#done = this.#run();
  }

  add(lane: Lane): void {
    this.#lanes.push(lane);
    this.#lanes.sort((a, b) => a.partition - b.partition);
    this.wake();
  }

  /** Takes no more from the lane; resolves when the batch in flight, which may hold some of it, has ended. */
  async remove(lane: Lane): Promise<void> {
    const index = this.#lanes.indexOf(lane);
    if (index >= 0) this.#lanes.splice(index, 1);
    await this.#working;
  }

  /** There may be work. */
  wake(): void {
    this.#doorbell.ring();
  }

  /** Ends after the transaction in flight. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#doorbell.reset();
      const batch = takeBatch(this.#lanes, this.#turn++, this.#deps.limits, performance.now());
      if (batch.length > 0) {
        this.#working = workBatch(this.#work, batch, signal);
        await this.#working;
      } else await this.#idle();
    }
  }

  async #idle(): Promise<void> {
    const unsettled = () => this.#lanes.filter((lane) => lane.isHeld && lane.ackedRows.length > 0);
    await this.#doorbell.wait(unsettled().length > 0 ? settleAfterIdleMs : idleMs);
    if (this.#doorbell.rung || this.#stopping.signal.aborted) return;
    const { sessions, topic, log } = this.#deps;
    try {
      await sessions.keepAlive();
      const lanes = unsettled();
      if (lanes.length === 0) return;
      const session = await sessions.open();
      if (!(await settleLanes(session, topic, lanes))) await findLostLanes(this.#deps, session, lanes);
    } catch (error) {
      // Nothing depends on it: the next batch deletes these rows, or the next owner publishes them again.
      log.warn({ err: error }, 'acknowledged outbox rows could not be settled now');
      sessions.drop();
    }
  }

  /** Takes a batch that stands off its lanes, and gives its outcomes to the publisher. */
  #handOver(result: Committed): void {
    const { publisher, verdicts, onAcknowledged } = this.#deps;
    let unacknowledged = result.parts.length;
    const acknowledged = () => {
      unacknowledged -= 1;
      if (unacknowledged === 0) onAcknowledged(result);
    };
    for (const { lane, epoch, from, to, ackedRows, blob, deadLetters } of result.parts) {
      if (lane.carefulBatches > 0) lane.carefulBatches -= 1;
      growProbation(lane, to);
      for (const { offset } of deadLetters) verdicts.delete(verdictKey(lane.partition, offset));
      lane.advance(to, ackedRows);
      publisher.publish({ lane, epoch, from, to, blob, onAcknowledged: acknowledged });
    }
    this.#measure(result);
  }

  #measure({ records, counts, parts, ms }: Committed): void {
    const { metrics, log } = this.#deps;
    metrics.observe('worker_batch_seconds', ms / 1_000);
    metrics.observe('worker_batch_records', records);
    for (const outcome in counts) metrics.inc('worker_outcomes_total', { outcome }, counts[outcome]);
    log.info({ records, lanes: parts.length, ms: Math.round(ms), counts }, 'batch committed');
  }
}

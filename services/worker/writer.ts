/**
 * A writer owns one database session and a fixed share of the lanes. It takes what its lanes hold as soon as its last
 * transaction is done: load, not a timer, sets the size of a batch. While a batch is being published, the next runs.
 *
 *   idle ◄──► working ──► stopped      woken by its lanes; settles acknowledged rows when nothing else is to do
 */
import { errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { type Session, StatementBuffer } from '../shared/mysql/index.ts';
import { type Backoff, backoff, sleep } from '../shared/retry/index.ts';
import { type BatchLimits, firstHalf, type LaneBatch, recordCount, takeBatch } from './batch.ts';
import { createDoorbell, type Doorbell } from './doorbell.ts';
import type { Isolation } from './isolation.ts';
import type { Lane } from './lane.ts';
import { type Committed, type PipelineDeps, runBatch } from './pipeline.ts';
import { growProbation } from './probation.ts';
import type { Publisher } from './publisher.ts';
import { remedyFor, verdictFor } from './recovery.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { settleLanes } from './settle.ts';
import { verdictKey } from './stages/decode.ts';
import { readPositions } from './store/positions.ts';

export interface WriterDeps extends Omit<PipelineDeps, 'session' | 'buffer'> {
  readonly sessions: SessionKeeper;
  /** Shared by a process's writers: a record that may have killed a worker is tried while no other is. */
  readonly isolation: Isolation;
  readonly publisher: Publisher;
  readonly limits: BatchLimits;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** A lane is not ours, or not where we think: it has to be claimed again, if it is still assigned. */
  onFenceLost(lane: Lane): void;
  /** A batch stands and all its outcomes are acknowledged. */
  onAcknowledged(batch: Committed): void;
}

/** Contention in a row after which the batch is halved. */
const contentionMax = 5;
/** The same for outages, since its size may be what ends the connection, and for shortages, since there may be more than are remembered. */
const failuresMax = 3;
/** Batches that stay careful about ids after a duplicate was met. */
const carefulBatchesAfterDuplicate = 20;
/** How long an idle writer waits for company of acknowledgements before it settles them. */
const settleAfterIdleMs = 100;
/** How long it sleeps with nothing to settle; its session wants a ping now and then. */
const idleMs = 1_000;

type Next = 'again' | 'done';
interface Attempt {
  batch: LaneBatch[];
  idsRead: boolean;
  contended: number;
  outages: number;
  shortages: number;
}

export class Writer {
  readonly #deps: WriterDeps;
  readonly #lanes: Lane[] = [];
  readonly #stopping = new AbortController();
  readonly #doorbell: Doorbell = createDoorbell();
  readonly #buffer = new StatementBuffer();
  readonly #contention: Backoff = backoff({ initialMs: 10, maxMs: 200 });
  readonly #outage: Backoff = backoff({ initialMs: 50, maxMs: 1_000 });
  readonly #done: Promise<void>;
  #turn = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(deps: WriterDeps) {
    this.#deps = deps;
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
    while (!this.#stopping.signal.aborted) {
      this.#doorbell.reset();
      const batch = takeBatch(this.#lanes, this.#turn++, this.#deps.limits, performance.now());
      if (batch.length > 0) {
        this.#working = this.#work({ batch, idsRead: false, contended: 0, outages: 0, shortages: 0 });
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
      if (!(await settleLanes(session, topic, lanes))) await this.#findLostLanes(session, lanes);
    } catch (error) {
      // Nothing depends on it: the next batch deletes these rows, or the next owner publishes them again.
      log.warn({ err: error }, 'acknowledged outbox rows could not be settled now');
      sessions.drop();
    }
  }

  /** Tries a batch until it stands, is no longer ours, or cannot begin. */
  async #work(attempt: Attempt): Promise<void> {
    let next: Next = 'again';
    while (next === 'again' && !this.#stopping.signal.aborted) {
      attempt.batch = attempt.batch.filter(
        ({ lane, epoch }) => lane.state === 'running' && lane.epoch === epoch,
      );
      if (attempt.batch.length === 0) return;
      next = await this.#tryOnce(attempt);
    }
  }

  async #tryOnce(attempt: Attempt): Promise<Next> {
    const { sessions, metrics, scarcity, isolation } = this.#deps;
    let session: Session | null = null;
    try {
      session = await sessions.open();
      const deps = { ...this.#deps, session, buffer: this.#buffer };
      const mode = attempt.batch.some(({ alone }) => alone) ? 'alone' : 'beside';
      const result = await isolation.run(mode, () => runBatch(deps, attempt.batch));
      switch (result.kind) {
        case 'committed':
          this.#settle(result);
          return 'done';
        case 'nothing':
          return 'done';
        case 'fenceLost':
          await session.rollback();
          await this.#findLostLanes(
            session,
            attempt.batch.map(({ lane }) => lane),
          );
          return 'done';
        case 'shortOfStock':
          scarcity.mark(result.skus);
          metrics.inc('worker_batch_retries_total', { cause: 'shortOfStock' });
          attempt.shortages += 1;
          if (attempt.shortages % failuresMax === 0) {
            attempt.batch = firstHalf(attempt.batch);
            await this.#pause(this.#contention, attempt.shortages);
          }
          return 'again';
      }
    } catch (error) {
      return this.#remedy(error, attempt, session);
    }
  }

  async #remedy(error: unknown, attempt: Attempt, session: Session | null): Promise<Next> {
    const { log, metrics, sessions, onFenceLost } = this.#deps;
    const remedy = remedyFor(error);
    metrics.inc('worker_batch_retries_total', { cause: remedy });
    log.warn({ err: error, remedy, records: recordCount(attempt.batch) }, 'a batch has to be tried again');
    if (session !== null) await this.#rollBack(session);
    switch (remedy) {
      case 'readIds':
        if (attempt.idsRead) return this.#stopLanes(attempt.batch, error);
        attempt.idsRead = true;
        for (const { lane } of attempt.batch) lane.carefulBatches = carefulBatchesAfterDuplicate;
        return 'again';
      case 'bisect':
        attempt.batch = this.#halve(attempt.batch, error);
        return 'again';
      case 'contend':
        attempt.contended += 1;
        if (attempt.contended % contentionMax === 0) attempt.batch = firstHalf(attempt.batch);
        await this.#pause(this.#contention, attempt.contended);
        return 'again';
      case 'reclaim':
        sessions.drop();
        for (const { lane } of attempt.batch) onFenceLost(lane);
        return 'done';
      case 'reconnect':
        sessions.drop();
        await this.#pause(this.#outage, ++attempt.outages);
        if (attempt.outages % failuresMax === 0) attempt.batch = firstHalf(attempt.batch);
        return 'again';
      case 'wait':
        await this.#pause(this.#outage, ++attempt.outages);
        return 'again';
      case 'stop':
        return this.#stopLanes(attempt.batch, error);
    }
  }

  #stopLanes(batch: readonly LaneBatch[], error: unknown): Next {
    for (const { lane } of batch) lane.stop(`a batch cannot be worked: ${errorMessage(error)}`);
    return 'done';
  }

  async #pause(delay: Backoff, attempt: number): Promise<void> {
    await sleep(delay(attempt), this.#stopping.signal).catch(() => undefined);
  }

  async #rollBack(session: Session): Promise<void> {
    try {
      if (session.alive) await session.rollback();
    } catch (error) {
      // Half a transaction on a living connection must not stay; the server rolls back what a dead one leaves.
      this.#deps.log.debug({ err: error }, 'ROLLBACK failed, the connection is dropped');
      this.#deps.sessions.drop();
    }
  }

  /** Half of a batch that some record breaks; a record that is left alone with the error gets its verdict. */
  #halve(batch: LaneBatch[], error: unknown): LaneBatch[] {
    if (recordCount(batch) > 1) return firstHalf(batch);
    const { lane, records } = batch[0]!;
    const key = verdictKey(lane.partition, records[0]!.offset);
    if (this.#deps.verdicts.has(key)) {
      lane.stop(`offset ${records[0]!.offset} cannot even be set aside: ${errorMessage(error)}`);
      return [];
    }
    this.#deps.verdicts.set(key, verdictFor(error));
    return batch;
  }

  #settle(result: Committed): void {
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

  async #findLostLanes(session: Session, lanes: readonly Lane[]): Promise<void> {
    const { topic, log, metrics, onFenceLost } = this.#deps;
    const partitions = lanes.map((lane) => lane.partition);
    const positions = await session.transaction((inside) => readPositions(inside, topic, partitions));
    for (const lane of lanes) {
      const now = positions.get(lane.partition);
      if (now?.epoch === lane.epoch && now.nextOffset === lane.nextOffset) continue;
      metrics.inc('worker_fences_lost_total');
      log.warn(
        { partition: lane.partition, epoch: lane.epoch, nextOffset: lane.nextOffset, now },
        'the fence was lost',
      );
      onFenceLost(lane);
    }
  }

  #measure({ records, counts, parts, ms }: Committed): void {
    const { metrics, log } = this.#deps;
    metrics.observe('worker_batch_seconds', ms / 1_000);
    metrics.observe('worker_batch_records', records);
    for (const outcome in counts) metrics.inc('worker_outcomes_total', { outcome }, counts[outcome]);
    log.info({ records, lanes: parts.length, ms: Math.round(ms), counts }, 'batch committed');
  }
}

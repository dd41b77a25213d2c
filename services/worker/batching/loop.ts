/**
 * The loop of a worker. One turn: ready lanes → worth a transaction? → batch → idle writer → run.
 *
 * A lane has no fixed writer. A lane is in one batch at a time. Any idle writer takes its next batch. So load, not a
 * timer, sets the number of parallel transactions:
 *
 *   low load     one writer takes the records of all lanes; new records go into the next transaction
 *   high load    each idle writer takes its share of the lanes, up to a full batch
 *
 * A transaction with fifty orders costs the database hardly more than one with five. So a small batch waits for the
 * running transaction. It waits at most five milliseconds, because a lock may block that transaction.
 */
import { type BatchLimits, takeBatch } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';
import type { Writer } from './writer.ts';

/** A batch with fewer pending records waits while another transaction runs. */
const worthwhileRecords = 100;
/** The longest time that such a small batch waits. */
const lingerMs = 5;
/** How long idle lanes wait for more acknowledgements before their outbox rows are deleted. */
const cleanUpAfterIdleMs = 100;
/** How often an idle writer checks its session. */
const keepAliveMs = 1_000;

export class Loop {
  readonly #writers: readonly Writer[];
  readonly #limits: BatchLimits;
  /** The lanes, ordered by their last batch: the oldest comes first. */
  #lanes: readonly Lane[] = [];
  /** Lanes and writers that run a task, each with the promise of its end. */
  readonly #takenLanes = new Map<Lane, Promise<void>>();
  readonly #busyWriters = new Map<Writer, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #keepAlive: NodeJS.Timeout;
  #linger: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #woken: NodeJS.Immediate | undefined;

  constructor(writers: readonly Writer[], limits: BatchLimits) {
    this.#writers = writers;
    this.#limits = limits;
    this.#keepAlive = setInterval(() => {
      for (const writer of writers)
        if (!this.#busyWriters.has(writer)) void this.#run(writer, [], () => writer.keepAlive());
    }, keepAliveMs);
  }

  add(lane: Lane): void {
    this.#lanes = [...this.#lanes, lane];
    this.wake();
  }

  /** Removes the lane, so that it gets no more batches. Resolves when its batch in flight has ended. */
  async remove(lane: Lane): Promise<void> {
    this.#lanes = this.#lanes.filter((other) => other !== lane);
    await this.#takenLanes.get(lane);
  }

  /**
   * Starts a turn, because there may be work. Calls in one turn of the event loop are combined, for example for one
   * fetch response.
   */
  wake(): void {
    this.#woken ??= setImmediate(() => {
      this.#woken = undefined;
      this.#turn();
    });
  }

  /**
   * Deletes the acknowledged outbox rows of lanes that are in no batch. An idle loop deletes these rows by itself. A
   * worker that stops calls this method after the last acknowledgement. Resolves at once if no writer is idle.
   */
  async cleanUp(): Promise<void> {
    const writer = this.#idleWriter();
    const lanes = this.#lanes.filter(
      (lane) => !this.#takenLanes.has(lane) && lane.isHeld && lane.ackedRows.length > 0,
    );
    if (writer === undefined || lanes.length === 0) return;
    await this.#run(writer, lanes, () => writer.cleanUp(lanes));
  }

  /** Stops the loop. Resolves after the transactions in flight have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#keepAlive);
    clearTimeout(this.#idle);
    clearTimeout(this.#linger);
    clearImmediate(this.#woken);
    await Promise.all(this.#busyWriters.values());
  }

  /** Ends the sessions of the writers. */
  async close(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.close()));
  }

  /** Hands batches to idle writers, until no writer is idle or the pending records are not worth a transaction. */
  #turn(mayLinger = true): void {
    clearTimeout(this.#idle);
    for (;;) {
      const writer = this.#idleWriter();
      if (writer === undefined || this.#stopping.signal.aborted) break;
      const ready = this.#readyLanes();
      const pending = ready.reduce((sum, lane) => sum + lane.heldRecords, 0);
      if (pending === 0) {
        this.#idle = setTimeout(() => void this.cleanUp(), cleanUpAfterIdleMs);
        break;
      }
      if (mayLinger && !this.#isWorthTransaction(pending)) {
        this.#linger ??= setTimeout(() => this.#endLinger(), lingerMs);
        return;
      }
      const batch = takeBatch(this.#shareOf(ready, pending), this.#limits);
      const lanes = batch.map(({ lane }) => lane);
      void this.#run(writer, lanes, () => writer.commit(batch, this.#stopping.signal));
    }
    clearTimeout(this.#linger);
    this.#linger = undefined;
  }

  #readyLanes(): Lane[] {
    const nowMs = performance.now();
    return this.#lanes.filter((lane) => !this.#takenLanes.has(lane) && lane.isReady(nowMs));
  }

  #isWorthTransaction(pending: number): boolean {
    return pending >= worthwhileRecords || this.#busyWriters.size === 0;
  }

  #endLinger(): void {
    this.#linger = undefined;
    this.#turn(false);
  }

  /**
   * The lanes for one writer. They are all ready lanes if their records fit one batch, otherwise an equal share
   * per idle writer.
   */
  #shareOf(ready: readonly Lane[], pending: number): readonly Lane[] {
    if (pending <= this.#limits.recordsMax) return ready;
    const idleWriters = this.#writers.length - this.#busyWriters.size;
    return ready.slice(0, Math.ceil(ready.length / idleWriters));
  }

  #idleWriter(): Writer | undefined {
    return this.#writers.find((writer) => !this.#busyWriters.has(writer));
  }

  /** Runs the task on the writer. Meanwhile no other writer uses these lanes. */
  #run(writer: Writer, taken: readonly Lane[], task: () => Promise<void>): Promise<void> {
    const ended = task().then(() => {
      this.#busyWriters.delete(writer);
      for (const lane of taken) this.#takenLanes.delete(lane);
      this.#turn();
    });
    this.#busyWriters.set(writer, ended);
    for (const lane of taken) this.#takenLanes.set(lane, ended);
    const others = this.#lanes.filter((lane) => !taken.includes(lane));
    this.#lanes = [...others, ...this.#lanes.filter((lane) => taken.includes(lane))];
    return ended;
  }
}

/**
 * Batches pending records from ready lanes and hands them to an idle writer. A lane has no fixed writer: it is in one
 * batch at a time, and any idle writer takes it next. So load, not a timer, sets the number of parallel transactions:
 *
 *   low load     one writer takes the records of all lanes; new records go into the next transaction
 *   high load    each idle writer takes its share of the lanes, up to a full batch
 *
 * A transaction costs the database nearly the same with five orders as with fifty. So a small batch waits for the running
 * transaction, at most five milliseconds, because a lock may block that transaction.
 */
import { type BatchLimits, type LaneBatch, takeBatch } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';

/** Processes batches, one task at a time. Its promises never reject. */
export interface Writer {
  /** Ends early when `signal` aborts, without partial results. */
  work(batch: LaneBatch[], signal: AbortSignal): Promise<void>;
  /** Deletes acknowledged outbox rows of idle lanes. */
  settle(lanes: Lane[]): Promise<void>;
  keepAlive(): Promise<void>;
}

export interface Dispatcher {
  add(lane: Lane): void;
  /** No longer gives the lane to a writer. Resolves when the batch in flight has ended. */
  remove(lane: Lane): Promise<void>;
  /**
   * There may be work. Calls within one turn of the event loop are combined, for example those of one fetch response.
   */
  wake(): void;
  /**
   * Deletes the acknowledged outbox rows of lanes that are in no batch. The dispatcher calls it when idle; a worker
   * calls it before it stops, after the last acknowledgement. Resolves at once when no writer is idle.
   */
  settle(): Promise<void>;
  /** Ends after the transactions in flight. */
  stop(): Promise<void>;
}

/** With fewer pending records than this, a batch waits while another transaction runs. */
const worthwhileRecords = 100;
/** The longest time that such a small batch waits. */
const lingerMs = 5;
/** How long idle lanes wait for more acknowledgements before their outbox rows are deleted. */
const settleAfterIdleMs = 100;
/** How often an idle writer checks its session. */
const keepAliveMs = 1_000;

export function createDispatcher(writers: readonly Writer[], limits: BatchLimits): Dispatcher {
  /** The lane whose last batch is oldest comes first. */
  let lanes: Lane[] = [];
  const inHand = new Map<Lane, Promise<void>>();
  const busy = new Map<Writer, Promise<void>>();
  const stopping = new AbortController();
  let linger: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  let woken: NodeJS.Immediate | undefined;

  /** Gives batches to idle writers until no writer is idle or too few records are pending. */
  const dispatch = (isPatient = true) => {
    clearTimeout(idle);
    while (busy.size < writers.length && !stopping.signal.aborted) {
      const ready = readyLanes();
      const held = ready.reduce((sum, lane) => sum + lane.heldRecords, 0);
      if (held === 0) {
        idle = setTimeout(() => void settle(), settleAfterIdleMs);
        break;
      }
      if (isPatient && held < worthwhileRecords && busy.size > 0) {
        linger ??= setTimeout(endLinger, lingerMs);
        return;
      }
      const free = writers.length - busy.size;
      const share = held <= limits.recordsMax ? ready.length : Math.ceil(ready.length / free);
      const batch = takeBatch(ready.slice(0, share), limits);
      const writer = freeWriter()!;
      const taken = batch.map(({ lane }) => lane);
      void give(taken, writer, () => writer.work(batch, stopping.signal));
    }
    clearTimeout(linger);
    linger = undefined;
  };

  const endLinger = () => {
    linger = undefined;
    dispatch(false);
  };

  const settle = async () => {
    const writer = freeWriter();
    const unsettled = lanes.filter((lane) => !inHand.has(lane) && lane.isHeld && lane.ackedRows.length > 0);
    if (writer === undefined || unsettled.length === 0) return;
    await give(unsettled, writer, () => writer.settle(unsettled));
  };

  const keepAlive = setInterval(() => {
    for (const writer of writers) if (!busy.has(writer)) void give([], writer, () => writer.keepAlive());
  }, keepAliveMs);

  /** Runs the task on the writer. No other writer may use these lanes meanwhile. */
  const give = (taken: readonly Lane[], writer: Writer, task: () => Promise<void>): Promise<void> => {
    const done = task().then(() => {
      busy.delete(writer);
      for (const lane of taken) inHand.delete(lane);
      dispatch();
    });
    busy.set(writer, done);
    for (const lane of taken) inHand.set(lane, done);
    const others = lanes.filter((lane) => !taken.includes(lane));
    lanes = [...others, ...lanes.filter((lane) => taken.includes(lane))];
    return done;
  };

  const freeWriter = () => writers.find((writer) => !busy.has(writer));
  const readyLanes = () => {
    const nowMs = performance.now();
    return lanes.filter((lane) => !inHand.has(lane) && lane.isReady(nowMs));
  };
  const wake = () => {
    woken ??= setImmediate(() => {
      woken = undefined;
      dispatch();
    });
  };

  return {
    add(lane) {
      lanes.push(lane);
      wake();
    },
    async remove(lane) {
      lanes = lanes.filter((other) => other !== lane);
      await inHand.get(lane);
    },
    wake,
    settle,
    async stop() {
      stopping.abort();
      clearInterval(keepAlive);
      clearTimeout(idle);
      clearTimeout(linger);
      clearImmediate(woken);
      await Promise.all(busy.values());
    },
  };
}

/**
 * Records of one partition between the consumer's callback and the projector's loop. Pausing the partition
 * bounds it.
 */
import type { InRecord } from '../shared/kafka/index.ts';

/** Some batches ahead of the loop. */
const recordsHigh = 4_000;
const recordsLow = 2_000;

export interface RecordQueue {
  /** Empties the queue and accepts records from `offset` on. */
  begin(offset: bigint): void;
  /** Accepts nothing until the next `begin`. */
  end(): void;
  add(records: readonly InRecord[]): void;
  /** Like `end`, and the next `take` rejects with `error`. */
  fail(error: unknown): void;
  /** Up to `recordsMax` records. Waits for the first one; returns none once `signal` fires. */
  take(recordsMax: number, signal: AbortSignal): Promise<InRecord[]>;
}

export function createRecordQueue(flow: { pause(): void; resume(): void }): RecordQueue {
  let queue: InRecord[] = [];
  let next: bigint | null = null;
  let paused = true;
  let failure: { error: unknown } | null = null;
  let bell = Promise.withResolvers<void>();

  const end = (): void => {
    queue = [];
    next = null;
    paused = true;
    flow.pause();
  };

  return {
    begin(offset) {
      queue = [];
      next = offset;
      failure = null;
      paused = false;
      flow.resume();
    },
    end,
    fail(error) {
      end();
      failure = { error };
      bell.resolve();
    },
    add(records) {
      if (next === null) return;
      for (const record of records) {
        // kafkajs may deliver records from before a rebalance again.
        if (record.offset < next) continue;
        queue.push(record);
        next = record.offset + 1n;
      }
      if (!paused && queue.length >= recordsHigh) {
        paused = true;
        flow.pause();
      }
      bell.resolve();
    },
    async take(recordsMax, signal) {
      const ring = (): void => bell.resolve();
      signal.addEventListener('abort', ring);
      while (queue.length === 0 && failure === null && !signal.aborted) {
        await bell.promise;
        bell = Promise.withResolvers<void>();
      }
      signal.removeEventListener('abort', ring);
      if (signal.aborted) return [];
      if (failure !== null) throw failure.error;
      const taken = queue.splice(0, recordsMax);
      if (paused && next !== null && queue.length <= recordsLow) {
        paused = false;
        flow.resume();
      }
      return taken;
    },
  };
}

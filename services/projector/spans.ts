/**
 * How many outcomes of a partition share a transaction. Each transaction costs the brokers several requests and writes,
 * whatever its size. So the spans grow with the rate. On a quiet topic the state of an order is written at once.
 */
import type { PartitionBuffer } from '../shared/consuming/index.ts';
import { createPace, type FetchPace } from '../shared/kafka/index.ts';

/** Maximum number of outcomes in one transaction. */
export const spanRecordsMax = 1_000;
/** Minimum time from the start of one transaction of a partition to the start of the next one. */
const spanPace: FetchPace = { quietMs: 0, busyMs: 5_000, busyPerSecond: 20 };

export interface Spans {
  /**
   * Resolves when the next transaction is due and has a record, or when the signal aborts. Rejects after the buffer
   * was stopped with a failure. Call it once before each transaction.
   */
  due(): Promise<void>;
  /** @param records how many outcomes were taken from the buffer */
  took(records: number): void;
}

/** A full span does not wait. */
export function createSpans(buffer: PartitionBuffer, signal: AbortSignal): Spans {
  const gather = (ms: number): Promise<void> => buffer.untilMore(spanRecordsMax, ms, signal);
  const pace = createPace(() => spanPace, undefined, undefined, gather);
  return {
    async due() {
      await buffer.untilReady(signal);
      await pace.turn();
    },
    took: (records) => pace.fetched(records, buffer.length > 0),
  };
}

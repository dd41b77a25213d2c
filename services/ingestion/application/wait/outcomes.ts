/**
 * The only reader of the outcome topic. It advances the positions of the partitions and wakes clients that wait for
 * an order. It checks the key of a record first and decodes only awaited records.
 */
import type { OrderEvent } from '../../../../schemas/index.ts';
import type { Codec } from '../../../shared/codec/index.ts';
import { errorMessage } from '../../../shared/errors/index.ts';
import type { InRecord } from '../../../shared/kafka/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import type { Metrics } from '../../../shared/metrics/index.ts';
import { Failure } from '../common/failure.ts';
import { createCallerSlots } from '../limits/caller-slots.ts';
import type { PartitionProgress } from '../read/partition-progress.ts';

type Listener = (event: OrderEvent) => void;

export interface Outcomes {
  /** Takes records of the outcome topic, in order. Never throws. */
  onRecords(records: readonly InRecord[]): void;
  /**
   * Calls `listener` for each outcome of the order until the returned function is called. Returns OVERLOADED if too
   * many clients wait, and SHARE_USED_UP if too many of this caller wait.
   */
  watch(orderId: string, callerId: string, listener: Listener): (() => void) | Failure;
  /** Number of listeners. */
  watching(): number;
}

export interface OutcomesDeps {
  readonly events: Pick<Codec<OrderEvent>, 'decode'>;
  readonly progress: Pick<PartitionProgress, 'published'>;
  readonly watchersMax: number | (() => number);
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The refusal if no slot is free. */
export const tooManyWait = new Failure('OVERLOADED', {
  detail: 'Too many clients are waiting.',
  retryAfterMs: 5_000,
});

const tooManyOfCaller = new Failure('SHARE_USED_UP', {
  detail: 'You have the maximum number of open waits and streams.',
  retryAfterMs: 1_000,
});

const eventIdForm = /^(\d{1,5})-(\d{1,16})$/;

export function createOutcomes({ events, progress, watchersMax, log, metrics }: OutcomesDeps): Outcomes {
  const listeners = new Map<string, Set<Listener>>();
  const slots = createCallerSlots(watchersMax);

  const wake = (record: InRecord, found: ReadonlySet<Listener>): void => {
    try {
      const event = events.decode(record.value);
      for (const listener of [...found]) listener(event);
    } catch (error) {
      // A waiting client reads the stores at the end of its wait, so an unreadable record only costs time.
      metrics.inc('ingestion_unreadable_outcomes_total');
      log.warn(
        { partition: record.partition, reason: errorMessage(error) },
        'ingestion cannot decode an outcome; clients that wait for it read the stores later',
      );
    }
  };

  return {
    onRecords(records) {
      for (const record of records) {
        if (slots.taken() === 0) break;
        const found = record.key === null ? undefined : listeners.get(record.key.toString('latin1'));
        if (found !== undefined) wake(record, found);
      }
      const last = records.at(-1);
      const [, partition, offset] = eventIdForm.exec(String(last?.headers['ce_id'] ?? '')) ?? [];
      if (offset !== undefined) progress.published({ partition: Number(partition), offset: Number(offset) });
    },
    watch(orderId, callerId, listener) {
      const refusal = slots.take(callerId);
      if (refusal !== null) return refusal === 'all' ? tooManyWait : tooManyOfCaller;
      const found = listeners.get(orderId);
      if (found === undefined) listeners.set(orderId, new Set([listener]));
      else found.add(listener);
      let active = true;
      return () => {
        if (!active) return;
        active = false;
        slots.give(callerId);
        const set = listeners.get(orderId);
        set?.delete(listener);
        if (set?.size === 0) listeners.delete(orderId);
      };
    },
    watching: slots.taken,
  };
}

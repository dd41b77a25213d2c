/** Decodes fetched records. An outcome that can never be decoded is counted, logged and skipped. */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { Codec } from '../../shared/codec/index.ts';
import { createRecordDecoder, isOutcomeOf } from '../../shared/consuming/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Backoff } from '../../shared/retry/index.ts';
import type { Stall } from '../stall.ts';
import type { Slice } from './partition-buffers.ts';

export interface EventReader {
  /**
   * Returns the events by partition, in order. Skips an undecodable record, because its receiver is unknown.
   * Reconciliation reports its outcome as missing. Waits while the registry is down. Rejects only when `signal`
   * aborts.
   */
  read(slices: readonly Slice[], signal: AbortSignal): Promise<Map<number, OrderEvent[]>>;
}

export function createEventReader({
  codec,
  stall,
  backoff,
  log,
  metrics,
}: {
  codec: Pick<Codec<OrderEvent>, 'decode' | 'resolveSchema' | 'schemaId'>;
  /** Called with the reason when records must wait. */
  stall: Pick<Stall, 'begin'>;
  backoff: Backoff;
  log: Logger;
  metrics: Metrics;
}): EventReader {
  const decoder = createRecordDecoder({
    codec,
    isProven: isOutcomeOf,
    onUndecodable({ partition, offset }, err) {
      metrics.inc('notification_events_total', { result: 'undecodable' });
      log.error({ partition, offset: String(offset), err }, 'intake cannot decode an outcome and skips it');
    },
    onWait: stall.begin,
    backoff,
    log,
  });
  return {
    async read(slices, signal) {
      const events = new Map<number, OrderEvent[]>();
      for (const { partition, records } of slices) {
        const decoded = await decoder.decode(records, signal);
        events.set(
          partition,
          decoded.flatMap(({ value }) => value ?? []),
        );
      }
      return events;
    },
  };
}

/** Counts and logs a batch of intake: its events, rows and mails, its gaps, and outcomes of another log. */
import type { OrderEvent } from '../../../schemas/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { emailEndpoint, type NewDelivery } from '../deliveries.ts';
import type { ForeignEvents } from './foreign-events.ts';

export interface CountDeps {
  foreign: ForeignEvents;
  log: Logger;
  metrics: Metrics;
}

/**
 * Counts a batch and logs its faults. Call it before the batch changes positions. `nowMs` is the time of
 * storing.
 */
export function countBatch(
  deps: CountDeps,
  plan: { events: readonly OrderEvent[] },
  decoded: ReadonlyMap<number, readonly OrderEvent[]>,
  deliveries: readonly NewDelivery[],
  positions: ReadonlyMap<number, number>,
  nowMs: number,
): void {
  const { metrics } = deps;
  const read = decoded.values().reduce((sum, events) => sum + events.length, 0);
  const mails = deliveries.reduce((sum, row) => sum + (row.endpointId === emailEndpoint ? 1 : 0), 0);
  metrics.inc('notification_events_total', { result: 'stored' }, plan.events.length);
  const foreign = countForeign(deps, decoded, positions);
  metrics.inc('notification_events_total', { result: 'foreign' }, foreign);
  metrics.inc('notification_events_total', { result: 'repeat' }, read - plan.events.length - foreign);
  const held = (isHeld: (dueAtMs: number | null) => boolean): number =>
    deliveries.filter(({ mailDueAtMs }) => mailDueAtMs !== undefined && isHeld(mailDueAtMs)).length;
  const withheld = held((dueAtMs) => dueAtMs === null);
  metrics.inc('notification_mails_over_budget_total', { result: 'withheld' }, withheld);
  metrics.inc(
    'notification_mails_over_budget_total',
    { result: 'delayed' },
    held((dueAtMs) => dueAtMs !== null && dueAtMs > nowMs),
  );
  if (withheld > 0) deps.log.warn({ withheld }, 'notification withholds emails: one address has too many');
  metrics.inc('notification_rows_total', { channel: 'email' }, mails);
  metrics.inc('notification_rows_total', { channel: 'webhook' }, deliveries.length - mails);
  for (const gap of gapsOf(plan.events, positions)) {
    metrics.inc('notification_events_total', { result: 'gap' });
    deps.log.error(gap, 'the outcome topic lacks the outcomes before this one');
  }
}

function countForeign(
  { foreign, log }: CountDeps,
  decoded: ReadonlyMap<number, readonly OrderEvent[]>,
  positions: ReadonlyMap<number, number>,
): number {
  let sum = 0;
  for (const [partition, events] of decoded) {
    const position = positions.get(partition) ?? -1;
    const count = foreign.countIn(
      partition,
      events.filter(({ sourceOffset }) => sourceOffset <= position),
    );
    if (count === 0) continue;
    sum += count;
    log.error(
      { partition, position, count },
      'outcomes before the stored position come from another log; intake does not send them',
    );
  }
  return sum;
}

/**
 * Finds gaps in the chain of source offsets. After position -1 there is no gap, because a log may begin late.
 */
export function gapsOf(
  events: readonly OrderEvent[],
  positions: ReadonlyMap<number, number>,
): { partition: number; after: number; before: number }[] {
  const seen = new Map(positions);
  return events.flatMap((event) => {
    const { sourcePartition: partition, sourceOffset, prevSourceOffset } = event;
    const after = seen.get(partition) ?? -1;
    seen.set(partition, sourceOffset);
    return after >= 0 && prevSourceOffset > after ? [{ partition, after, before: sourceOffset }] : [];
  });
}

/**
 * Writes the statements of one batch. New rows come first and shared rows (stock) last, so that locks are short. The
 * statements become bytes right after the decision. So the memory of the decoded records is free while the database
 * works.
 */
import type { Decision, Snapshot } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import { affectedRows, type Script, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import { layOutCouponCustomers, layOutCouponTotals } from '../counters/coupon-counters.ts';
import { layOutStock } from '../counters/stock.ts';
import { layOutUnpaid } from '../counters/unpaid-customers.ts';
import { layOutAttemptsDelete } from '../store/crash-attempts.ts';
import { layOutDeadLetters } from '../store/dead-letters.ts';
import { layOutDeliveries, layOutReturns, layOutShipments } from '../store/goods/goods-rows.ts';
import { layOutMovements } from '../store/goods/movement-rows.ts';
import { layOutUnits } from '../store/goods/unit-rows.ts';
import { layOutPayments, layOutRefunds, layOutRefundUpdate } from '../store/money-rows.ts';
import { layOutCommands, layOutHistory, layOutItems, layOutOrders, layOutUpdates } from '../store/orders.ts';
import { layOutAcknowledged, layOutOutbox } from '../store/outbox.ts';
import { layOutSkipDone } from '../store/skips.ts';
import type { PartOutcomes } from './outcomes.ts';
import { SKIPPED } from './quarantine.ts';

/** Everything that a batch writes, except for the fence and the COMMIT. */
export interface BatchWrites {
  readonly script: Script;
  /** The updates of rows that only this lane changes. Each must affect this number of rows. */
  readonly updates: readonly { readonly place: number; readonly rows: number }[];
  /** The updates of shared counters. One that affects fewer rows means that something is short. */
  readonly guarded: readonly { readonly place: number; readonly rows: number }[];
  readonly decision: Decision;
  readonly parts: readonly PartOutcomes[];
}

/** Writes the statements of a decision to the buffer. The script stays valid until the buffer is cleared. */
export function layOutWrites(
  buffer: StatementBuffer,
  topic: string,
  decision: Decision,
  parts: readonly PartOutcomes[],
  prices: Pick<Snapshot, 'priceVersion' | 'rules'>,
  nowMs: number,
  keepOutcomes: boolean,
): BatchWrites {
  const { newOrders, changes, commandRows } = decision;
  buffer.clear();
  layOutOrders(buffer, newOrders, prices, nowMs);
  layOutItems(buffer, newOrders);
  layOutShipments(buffer, decision.newShipments, nowMs);
  const updates = [
    { place: layOutUpdates(buffer, decision.updates, nowMs), rows: decision.updates.length },
    { place: layOutRefundUpdate(buffer, decision.changedRefunds), rows: decision.changedRefunds.length },
    { place: layOutUnits(buffer, decision.lineUpdates), rows: decision.lineUpdates.length },
    { place: layOutDeliveries(buffer, decision.deliveries), rows: decision.deliveries.length },
  ].filter((update): update is { place: number; rows: number } => update.place !== null);
  layOutReturns(buffer, decision.newReturns, nowMs);
  layOutMovements(buffer, decision.movements, nowMs);
  layOutPayments(buffer, decision, nowMs);
  layOutRefunds(buffer, decision.newRefunds, nowMs);
  layOutHistory(buffer, changes, nowMs);
  layOutCommands(buffer, commandRows, nowMs);
  layOutAcknowledged(buffer, topic, acknowledgedRows(parts), keepOutcomes);
  layOutOutbox(buffer, topic, parts.map(outboxRow));
  layOutDeadLetters(
    buffer,
    topic,
    parts.flatMap(({ deadLetters }) => deadLetters),
  );
  for (const { lane, to, isOnProbation, deadLetters } of parts) {
    if (isOnProbation) layOutAttemptsDelete(buffer, topic, lane.partition, to);
    for (const { code, partition, offset } of deadLetters) {
      if (code === SKIPPED) layOutSkipDone(buffer, topic, partition, offset, nowMs);
    }
  }
  const guarded = [
    { place: layOutUnpaid(buffer, decision.unpaid), rows: decision.unpaid.length },
    { place: layOutCouponCustomers(buffer, decision.couponCustomers), rows: decision.couponCustomers.length },
    { place: layOutCouponTotals(buffer, decision.couponTotals), rows: decision.couponTotals.length },
    { place: layOutStock(buffer, decision.stock), rows: decision.stock.length },
  ].filter((update): update is { place: number; rows: number } => update.place !== null);
  return { script: buffer.script(), updates, guarded, decision, parts };
}

/** Sends the statements. Returns false if a guard failed. Then the caller must roll back. */
export async function writeBatch(session: Session, writes: BatchWrites): Promise<boolean> {
  const { script, updates, guarded } = writes;
  const writing = session.run(script);
  await failpoint('writesSent');
  const answers = await writing;
  await failpoint('written');
  for (const { place, rows } of updates) {
    const changed = affectedRows(answers[place]);
    if (changed !== rows) {
      throw appError('INTERNAL', { reason: `${changed} of ${rows} rows changed, after the fence` });
    }
  }
  return guarded.every(({ place, rows }) => affectedRows(answers[place]) === rows);
}

function outboxRow({ lane, from, to, epoch, blob }: PartOutcomes) {
  return { partition: lane.partition, from, to, epoch, blob };
}

function acknowledgedRows(parts: readonly PartOutcomes[]): { partition: number; from: number }[] {
  return parts.flatMap(({ lane, ackedRows }) =>
    ackedRows.map((from) => ({ partition: lane.partition, from })),
  );
}

/**
 * Writes the statements of one batch. New rows come first and shared rows (stock) last, so that locks are short. The
 * statements become bytes right after the decision. So the memory of the decoded records is free while the database
 * works.
 */
import type { Decision } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import { affectedRows, type Script, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import { layOutAttemptsDelete } from '../store/crash-attempts.ts';
import { layOutDeadLetters } from '../store/dead-letters.ts';
import { layOutCommands, layOutHistory, layOutItems, layOutOrders, layOutUpdates } from '../store/orders.ts';
import { layOutAcknowledged, layOutOutbox } from '../store/outbox.ts';
import { layOutSkipDone } from '../store/skips.ts';
import { layOutStock } from '../store/stock.ts';
import type { PartOutcomes } from './outcomes.ts';
import { SKIPPED } from './quarantine.ts';

/** Everything that a batch writes, except for the fence and the COMMIT. */
export interface BatchWrites {
  readonly script: Script;
  /** Indexes of the updates of orders. Each must change one row. */
  readonly updates: readonly number[];
  /** Index of the stock update; null if no stock changes. */
  readonly stock: number | null;
  /** The changes of the stock update. */
  readonly stockChanges: Decision['stock'];
  readonly parts: readonly PartOutcomes[];
}

/** Writes the statements of a decision to the buffer. The script stays valid until the buffer is cleared. */
export function layOutWrites(
  buffer: StatementBuffer,
  topic: string,
  decision: Decision,
  parts: readonly PartOutcomes[],
  priceVersion: number,
  nowMs: number,
  keepOutcomes: boolean,
): BatchWrites {
  const { newOrders, changes, commandRows } = decision;
  buffer.clear();
  layOutOrders(buffer, newOrders, priceVersion, nowMs);
  layOutItems(buffer, newOrders);
  const updates = layOutUpdates(buffer, changes, nowMs);
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
  const stock = layOutStock(buffer, decision.stock);
  return { script: buffer.script(), updates, stock, stockChanges: decision.stock, parts };
}

/** Sends the statements. Returns false if stock is short. Then the caller must roll back. */
export async function writeBatch(session: Session, writes: BatchWrites): Promise<boolean> {
  const { script, updates, stock, stockChanges } = writes;
  const writing = session.run(script);
  await failpoint('writesSent');
  const answers = await writing;
  await failpoint('written');
  const unchanged = updates.filter((place) => affectedRows(answers[place]) !== 1).length;
  if (unchanged > 0) {
    throw appError('INTERNAL', {
      reason: `${unchanged} of ${updates.length} orders did not change, behind the fence`,
    });
  }
  return stock === null || affectedRows(answers[stock]) === stockChanges.length;
}

function outboxRow({ lane, from, to, epoch, blob }: PartOutcomes) {
  return { partition: lane.partition, from, to, epoch, blob };
}

function acknowledgedRows(parts: readonly PartOutcomes[]): { partition: number; from: number }[] {
  return parts.flatMap(({ lane, ackedRows }) =>
    ackedRows.map((from) => ({ partition: lane.partition, from })),
  );
}

/**
 * One batch's statements, in the order that keeps locks short: what is new first, what is shared (stock) last. The
 * large ones are laid out as bytes right behind the decision, so that nothing decoded has to be kept while the
 * database works.
 */
import type { Decision } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import type { Session, StatementBuffer, StatementBytes } from '../../shared/mysql/index.ts';
import { clearMarks } from '../store/attempts.ts';
import { insertDeadLetters } from '../store/dead-letters.ts';
import { insertCommands, insertHistory, layOutItems, layOutOrders, updateOrders } from '../store/orders.ts';
import { deleteOutbox, layOutOutbox } from '../store/outbox.ts';
import { layOutStock } from '../store/stock.ts';
import type { PartOutcomes } from './outcomes.ts';

/** Everything that a batch writes, but the fence and the COMMIT. */
export interface BatchWrites {
  readonly orders: StatementBytes | null;
  readonly items: StatementBytes | null;
  readonly outbox: StatementBytes | null;
  readonly stock: StatementBytes | null;
  /** What the guards of the stock are about. */
  readonly stockChanges: Decision['stock'];
  readonly changes: Decision['changes'];
  readonly commandRows: Decision['commandRows'];
  readonly parts: readonly PartOutcomes[];
  readonly nowMs: number;
}

/** Lays out what a decision writes. The statements stay valid until the buffer is cleared. */
export function layOutWrites(
  buffer: StatementBuffer,
  topic: string,
  decision: Decision,
  parts: readonly PartOutcomes[],
  priceVersion: number,
  nowMs: number,
): BatchWrites {
  const { newOrders, changes, commandRows, stock } = decision;
  const rows = parts.map(({ lane, from, to, epoch, blob }) => ({
    partition: lane.partition,
    from,
    to,
    epoch,
    blob,
  }));
  return {
    orders: layOutOrders(buffer, newOrders, priceVersion, nowMs),
    items: layOutItems(buffer, newOrders),
    outbox: layOutOutbox(buffer, topic, rows),
    stock: layOutStock(buffer, stock),
    stockChanges: stock,
    changes,
    commandRows,
    parts,
    nowMs,
  };
}

/** Sends them. Returns false when the stock did not suffice: then nothing may stand. */
export async function writeBatch(session: Session, topic: string, writes: BatchWrites): Promise<boolean> {
  const { changes, commandRows, parts, nowMs } = writes;
  await send(session, writes.orders);
  await send(session, writes.items);
  const { expected, changed } = await updateOrders(session, changes, nowMs);
  if (changed !== expected) {
    throw appError('INTERNAL', {
      reason: `${expected} orders were to change, ${changed} did, behind the fence`,
    });
  }
  await insertHistory(session, changes, nowMs);
  await insertCommands(session, commandRows, nowMs);
  await failpoint('ordersInserted');
  await deleteOutbox(session, topic, acknowledgedRows(parts));
  await send(session, writes.outbox);
  await insertDeadLetters(
    session,
    topic,
    parts.flatMap(({ deadLetters }) => deadLetters),
  );
  for (const { lane, to, probing } of parts) {
    if (probing) await clearMarks(session, topic, lane.partition, to);
  }
  await failpoint('outboxInserted');
  const served = (await send(session, writes.stock)) === writes.stockChanges.length;
  await failpoint('stockUpdated');
  return served;
}

/** The number of rows affected; 0 where there is nothing to send. */
async function send(session: Session, statement: StatementBytes | null): Promise<number> {
  return statement === null ? 0 : (await session.send(statement)).affectedRows;
}

function acknowledgedRows(parts: readonly PartOutcomes[]): { partition: number; from: number }[] {
  return parts.flatMap(({ lane, ackedRows }) =>
    ackedRows.map((from) => ({ partition: lane.partition, from })),
  );
}

/** One batch's statements, in the order that keeps locks short: what is new first, what is shared (stock) last. */
import type { Decision } from '../../domain/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { failpoint } from '../../shared/failpoint/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { clearMarks } from '../store/attempts.ts';
import { insertDeadLetters } from '../store/dead-letters.ts';
import { insertCommands, insertHistory, insertItems, insertOrders, updateOrders } from '../store/orders.ts';
import { deleteOutbox, insertOutbox } from '../store/outbox.ts';
import { applyStock } from '../store/stock.ts';
import type { PartOutcomes } from './outcomes.ts';

/** Writes everything but the fence and the COMMIT. Returns false when the stock did not suffice: then nothing may stand. */
export async function writeDecision(
  session: Session,
  topic: string,
  decision: Decision,
  outcomes: readonly PartOutcomes[],
  priceVersion: number,
  nowMs: number,
): Promise<boolean> {
  await insertOrders(session, decision.newOrders, priceVersion, nowMs);
  await insertItems(session, decision.newOrders);
  const { expected, changed } = await updateOrders(session, decision.changes, nowMs);
  if (changed !== expected) {
    throw appError('INTERNAL', {
      reason: `${expected} orders were to change, ${changed} did, behind the fence`,
    });
  }
  await insertHistory(session, decision.changes, nowMs);
  await insertCommands(session, decision.commandRows, nowMs);
  await failpoint('ordersInserted');
  await writeOutbox(session, topic, outcomes);
  await failpoint('outboxInserted');
  const served = (await applyStock(session, decision.stock)) === decision.stock.length;
  await failpoint('stockUpdated');
  return served;
}

async function writeOutbox(
  session: Session,
  topic: string,
  outcomes: readonly PartOutcomes[],
): Promise<void> {
  const acknowledged = outcomes.flatMap(({ part }) =>
    part.ackedRows.map((from) => ({ partition: part.lane.partition, from })),
  );
  await deleteOutbox(session, topic, acknowledged);
  await insertOutbox(
    session,
    topic,
    outcomes.map(({ outbox }) => outbox),
  );
  await insertDeadLetters(
    session,
    topic,
    outcomes.flatMap(({ deadLetters }) => deadLetters),
  );
  for (const { part } of outcomes) {
    if (part.probing) await clearMarks(session, topic, part.lane.partition, part.to);
  }
}

/** Cleans up after idle lanes. Removes acknowledged rows from the outbox and stores the acknowledged offsets. */
import { affectedRows, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { layOutAcknowledged } from '../store/outbox.ts';
import { layOutFence } from '../store/positions.ts';

/**
 * Runs one small transaction that begins with the fence. Returns false and changes nothing if a lane has another
 * owner.
 */
export async function cleanUpOutbox(
  session: Session,
  buffer: StatementBuffer,
  topic: string,
  lanes: readonly Lane[],
  keepOutcomes: boolean,
): Promise<boolean> {
  const acknowledged = lanes.map((lane) => {
    const { partition, ackedRows: rows } = lane;
    const { epoch, nextOffset, ackedOffset, record, outcome } = lane.position;
    const move = {
      partition,
      epoch,
      from: nextOffset,
      to: nextOffset,
      published: ackedOffset,
      record,
      outcome,
    };
    return { lane, rows, move };
  });
  const moves = acknowledged.map(({ move }) => move);
  const rows = acknowledged.flatMap(({ lane, rows }) =>
    rows.map((from) => ({ partition: lane.partition, from })),
  );
  buffer.clear();
  const fence = layOutFence(buffer, topic, moves);
  layOutAcknowledged(buffer, topic, rows, keepOutcomes);
  const answers = await session.run(buffer.script());
  if (affectedRows(answers[fence]) !== moves.length) {
    await session.rollback();
    return false;
  }
  await session.commit();
  for (const { lane, rows } of acknowledged) lane.rowsDeleted(rows);
  return true;
}

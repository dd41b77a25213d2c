/** Tidies lanes that have nothing else to do: deletes acknowledged outbox rows and notes how far publishing is. */
import type { Session } from '../shared/mysql/index.ts';
import type { Lane } from './lane.ts';
import { deleteOutbox } from './store/outbox.ts';
import { fence } from './store/positions.ts';

/** One small transaction behind the lanes' fence. Returns false, changing nothing, when a lane is not ours any more. */
export async function settleLanes(session: Session, topic: string, lanes: readonly Lane[]): Promise<boolean> {
  const acknowledged = lanes.map((lane) => ({
    lane,
    rows: lane.ackedRows,
    move: {
      partition: lane.partition,
      epoch: lane.epoch,
      from: lane.nextOffset,
      to: lane.nextOffset,
      published: lane.ackedOffset,
    },
  }));
  await session.begin();
  const moves = acknowledged.map(({ move }) => move);
  if ((await fence(session, topic, moves)) !== moves.length) {
    await session.rollback();
    return false;
  }
  await deleteOutbox(
    session,
    topic,
    acknowledged.flatMap(({ lane, rows }) => rows.map((from) => ({ partition: lane.partition, from }))),
  );
  await session.commit();
  for (const { lane, rows } of acknowledged) lane.forgetRows(rows);
  return true;
}

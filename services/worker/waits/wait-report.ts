/** Keeps the table of waiting lanes up to date, for operators and other services. */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import type { LaneSnapshot } from '../lanes/lane-types.ts';
import { deleteWaits, type WaitRow, writeWait } from '../store/lane-waits.ts';
import { type LaneWait, shownWait } from './lane-waits.ts';

export interface WaitReport {
  /**
   * Stores the waits of all lanes of this process. Writes only changed rows. Never rejects. If the database is
   * unavailable, a later call writes the rows.
   */
  update(lanes: ReadonlyMap<Lane, LaneSnapshot>): Promise<void>;
}

export function createWaitReport(deps: {
  topic: string;
  owner: string;
  db: Queryable;
  log: Logger;
}): WaitReport {
  const { topic, owner, db, log } = deps;
  /** The last written row of each lane, as text. A lane without an entry may have a row of its last owner. */
  let written = new WeakMap<Lane, string>();
  let running: Promise<void> | null = null;

  const write = async (lanes: ReadonlyMap<Lane, LaneSnapshot>): Promise<void> => {
    const continuing: Lane[] = [];
    for (const [lane, snapshot] of lanes) {
      const wait = shownWait(snapshot.wait);
      if (wait === null) {
        if (written.get(lane) !== continues) continuing.push(lane);
        continue;
      }
      const row = rowOf(snapshot, wait);
      const text = JSON.stringify(row);
      if (written.get(lane) === text) continue;
      await writeWait(db, topic, owner, row);
      written.set(lane, text);
    }
    await deleteWaits(
      db,
      topic,
      continuing.map(({ partition }) => partition),
    );
    for (const lane of continuing) written.set(lane, continues);
  };

  return {
    update(lanes) {
      running ??= write(lanes)
        .catch((error: unknown) => {
          // Some rows may be written. The next call writes all rows again.
          written = new WeakMap();
          log.debug({ reason: errorMessage(error) }, 'lane waits could not be stored; the worker retries');
        })
        .finally(() => {
          running = null;
        });
      return running;
    },
  };
}

const continues = 'continues';

function rowOf(
  { partition, nextOffset }: LaneSnapshot,
  { place, needsOperator, why, sinceMs }: LaneWait,
): WaitRow {
  return { partition, offset: nextOffset, place, needsOperator, why, sinceMs };
}

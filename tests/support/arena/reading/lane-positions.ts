/** The positions of an arena's lanes, from the tables. */
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';
import type { WorkerProcess } from '../processes/worker-process.ts';

export interface ArenaLane {
  readonly partition: number;
  readonly epoch: number;
  readonly owner: string;
  readonly nextOffset: number;
}

export function readLanes({ mysql }: Arena): Promise<ArenaLane[]> {
  return mysql.pool.rows<ArenaLane & object>(
    'SELECT partition_id AS `partition`, epoch, owner, next_offset AS nextOffset FROM lane_positions ORDER BY partition_id',
  );
}

/** Waits until the workers with these names own all 12 lanes. */
export async function ownedBy(arena: Arena, owners: readonly string[], deadlineMs = 40_000): Promise<void> {
  await until(
    async () => {
      const lanes = await readLanes(arena);
      return lanes.length === 12 && lanes.every(({ owner }) => owners.includes(owner));
    },
    { what: `all lanes being owned by ${owners.join(', ')}`, deadlineMs, everyMs: 100 },
  );
}

/** Waits until this many more commands are decided. */
export async function decidedMore(arena: Arena, more: number, deadlineMs = 40_000): Promise<void> {
  const { decided: before } = await arena.progress();
  await until(async () => (await arena.progress()).decided >= before + more, {
    what: `${more} more commands being decided`,
    deadlineMs,
    everyMs: 100,
  });
}

/** Waits until the process has stopped itself (a freeze failpoint), according to its log. */
export async function frozen(worker: WorkerProcess): Promise<void> {
  await worker.logged(({ msg }) => msg.includes(': freeze at hit'), 'the worker freezing itself', 40_000);
}

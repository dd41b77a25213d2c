import { COMMANDS, GROUPS } from '../../../../topics/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';

const tables = [
  'orders',
  'order_items',
  'order_history',
  'order_commands',
  'stock',
  'dead_letters',
  'outbox_log',
];

export interface Replay {
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
  readonly eventsBefore: ReadonlyMap<string, Buffer[]>;
  readonly eventsAfter: ReadonlyMap<string, Buffer[]>;
}

/**
 * Sets the group back to offset 0 while no worker runs. Then starts a worker that reads the whole log again.
 */
export async function replayFromStart(arena: Arena): Promise<Replay> {
  const before = await checksums(arena);
  const eventsBefore = await arena.readEvents();
  const ends = await arena.admin.endOffsets(COMMANDS);
  const starts = new Map([...ends.keys()].map((partition) => [partition, 0n]));
  // After the last member has left, the coordinator still refuses for a moment.
  await until(() => arena.admin.setGroupOffsets(GROUPS.worker, COMMANDS, starts).then(() => true), {
    what: 'the group being moved back',
  });
  const worker = await arena.startWorker();
  await until(
    async () => {
      const offsets = await arena.admin.groupOffsets(GROUPS.worker, COMMANDS);
      return [...ends].every(([partition, { high }]) => offsets.get(partition) === high);
    },
    { what: 'the group being at the end of the log again', deadlineMs: 40_000, everyMs: 100 },
  );
  await worker.stop();
  return { before, after: await checksums(arena), eventsBefore, eventsAfter: await arena.readEvents() };
}

async function checksums({ mysql }: Arena): Promise<Record<string, unknown>> {
  const rows = await mysql.pool.rows<{ Table: string; Checksum: unknown }>(
    `CHECKSUM TABLE ${tables.join(', ')} EXTENDED`,
  );
  const positions = await mysql.pool.rows<{ p: number; n: number }>(
    'SELECT partition_id AS p, next_offset AS n FROM lane_positions ORDER BY p',
  );
  return { ...Object.fromEntries(rows.map((row) => [row.Table, row.Checksum])), positions };
}

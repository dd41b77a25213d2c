/** The wall clock jumps by an hour, forwards on one machine and back on another. No state depends on it. */
import { afterEach, expect, test, vi } from 'vitest';
import { readNowMs } from '../../../services/shared/mysql/index.ts';
import { forgetOnce } from '../../../services/worker/publishing/outcome-retention.ts';
import { COMMANDS, GROUPS, PARTITIONS } from '../../../topics/index.ts';
import type { Arena } from '../../support/arena/arena.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { preloaded } from '../../support/preload/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { until } from '../../support/servers/stack.ts';

const used = useArena('clock');
const hourMs = 3_600_000;
const realNow = Date.now;

afterEach(() => vi.restoreAllMocks());

/**
 * Waits until the group's offsets reach the current end of the log. This shows that each lane's owner is
 * still a member of the group.
 */
async function committedUpToNow({ admin }: Arena): Promise<void> {
  const ends = await admin.endOffsets(COMMANDS);
  await until(
    async () => {
      const offsets = await admin.groupOffsets(GROUPS.worker, COMMANDS);
      return [...ends].every(([partition, { high }]) => (offsets.get(partition) ?? 0n) >= high);
    },
    { what: 'the group being where the log ended', deadlineMs: 30_000, everyMs: 100 },
  );
}

test('workers whose clocks jump apart stay members, decide, and take over from each other', async () => {
  const { arena, producer, skus } = used();
  const start = (INSTANCE_ID: string, jumpMs: number) =>
    arena.startWorker({ ...preloaded(['clock']), INSTANCE_ID, CLOCK_JUMP_MS: String(jumpMs) });
  const ahead = await start('ahead', hourMs);
  const behind = await start('behind', -hourMs);
  const load = producer.start(100, skus);
  await ownedBy(arena, ['ahead', 'behind']);
  await decidedMore(arena, 100);

  ahead.signal('SIGUSR2');
  behind.signal('SIGUSR2');
  await decidedMore(arena, 200);
  await committedUpToNow(arena);
  // If the group had forgotten a worker, the worker would not detect this and would not commit any more.
  await ahead.kill();
  await ownedBy(arena, ['behind']);
  await committedUpToNow(arena);

  await load.stop();
  await arena.quiesce();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
  expect((await behind.stop()).code).toBe(0);
  await expectTimesOfDatabase(arena);
  await expectKeptForAnHour(arena);
}, 120_000);

/** Both workers wrote these rows after their clocks had jumped. */
async function expectTimesOfDatabase({ mysql }: Arena): Promise<void> {
  const nowMs = await readNowMs(mysql.pool);
  const [row] = await mysql.pool.rows<Record<string, number>>(
    `SELECT MIN(updated_at_ms) AS firstMoved, MAX(updated_at_ms) AS lastMoved,
       (SELECT MIN(published_at_ms) FROM outbox) AS firstPublished, (SELECT MAX(published_at_ms) FROM outbox) AS lastPublished
     FROM lane_positions`,
  );
  const ages = Object.entries(row!).map(([name, atMs]) => [name, nowMs - atMs] as const);
  expect(ages.filter(([, ageMs]) => ageMs < 0 || ageMs > hourMs / 2)).toEqual([]);
}

/** Workers delete outcomes by their age in the database, not by their own clock. */
async function expectKeptForAnHour({ mysql }: Arena): Promise<void> {
  const deps = {
    topic: COMMANDS,
    db: mysql.pool,
    lanes: () =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, state: 'running' as const })),
    log: quietLog,
  };
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 2 * hourMs);
  expect(await forgetOnce({ ...deps, keptMs: hourMs })).toBe(0);
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() - 2 * hourMs);
  expect(await forgetOnce({ ...deps, keptMs: 0 })).toBeGreaterThan(0);
}

/** The wall clock jumps by an hour, forwards on one machine and back on another: nothing is keyed on it. */
import { expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../../topics/index.ts';
import type { Arena } from '../../support/arena/arena.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { preloaded } from '../../support/preload/index.ts';
import { until } from '../../support/servers/stack.ts';

const used = useArena('clock');
const hourMs = 3_600_000;

/** The group's offsets being where the log ended when this was called: each lane's owner is still heard by the group. */
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
  // What the group has lost sight of would neither hear of this nor commit any more.
  await ahead.kill();
  await ownedBy(arena, ['behind']);
  await committedUpToNow(arena);

  await load.stop();
  await arena.quiesce();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
  expect((await behind.stop()).code).toBe(0);
}, 120_000);

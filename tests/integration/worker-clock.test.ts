/** The wall clock jumps by an hour, forwards on one machine and back on another: nothing is keyed on it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../topics/index.ts';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { audit } from '../support/arena/audit.ts';
import { decidedMore, ownedBy } from '../support/arena/lanes.ts';
import { createProducer, type Producer } from '../support/arena/load.ts';
import { preloaded } from '../support/preload/index.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('clock');
const database = useDatabase('clock');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);
const hourMs = 3_600_000;

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

/** The group's offsets being where the log ended when this was called: each lane's owner is still heard by the group. */
async function committedUpToNow(): Promise<void> {
  const ends = await arena.admin.endOffsets(COMMANDS);
  await until(
    async () => {
      const offsets = await arena.admin.groupOffsets(GROUPS.worker, COMMANDS);
      return [...ends].every(([partition, { high }]) => (offsets.get(partition) ?? 0n) >= high);
    },
    { what: 'the group being where the log ended', deadlineMs: 30_000, everyMs: 100 },
  );
}

test('workers whose clocks jump apart stay members, decide, and take over from each other', async () => {
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
  await committedUpToNow();
  // What the group has lost sight of would neither hear of this nor commit any more.
  await ahead.kill();
  await ownedBy(arena, ['behind']);
  await committedUpToNow();

  await load.stop();
  await arena.quiesce();
  expect((await audit(arena, producer.history)).findings).toEqual([]);
  expect((await behind.stop()).code).toBe(0);
}, 120_000);

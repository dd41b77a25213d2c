/**
 * Some positions contradict the logs, and some commands are of a later version. Such a lane stops and reports
 * it, and others continue.
 */
import { describe, expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { disputeCommand } from '../../support/arena/money-commands.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readLanes } from '../../support/arena/reading/lane-positions.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { until } from '../../support/servers/stack.ts';

const sku = 'SKU-1';
const partitions = Array.from({ length: 12 }, (_, partition) => partition);
const used = useArena('positions');

async function placeInEach(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await Promise.all(
      partitions.map((partition) => used().producer.send(placeCommand(newOrderOf(partition), [sku]))),
    );
  }
}

async function moveBack(partition: number, by: number): Promise<void> {
  await used().arena.mysql.pool.write(
    `UPDATE lane_positions SET next_offset = next_offset + ${by}, published_offset = published_offset + ${by} WHERE partition_id = ${partition}`,
  );
}

describe('a lane whose position does not match the logs', () => {
  test('stops, is shown in readiness, metric and log, and affects no other; it continues once it matches', async () => {
    const first = await used().arena.startWorker();
    await placeInEach(5);
    await used().arena.quiesce();
    await first.stop();

    await moveBack(0, 1_000);
    const worker = await used().arena.startWorker();
    await placeInEach(3);
    await until(
      async () => (await readLanes(used().arena)).filter(({ nextOffset }) => nextOffset === 8).length === 11,
      { what: 'the other eleven lanes being decided' },
    );
    expect(await worker.metric('worker_lanes_refused_total', 'why="positionMoved"')).toBe(1);
    const refused = worker.log.filter(({ level, to }) => level === 'error' && to === 'stopped');
    expect(refused.map(({ partition }) => partition)).toEqual([0]);
    expect(await worker.ask('/readyz')).toMatch(/lane 0 is stopped.*orderstream recover position 0 --to 5/);

    await moveBack(0, -1_000);
    await used().arena.quiesce();
    await worker.stop();
    expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
  }, 90_000);

  test('stops every lane of every worker if it shows lost commits, until the newer data is back', async () => {
    await moveBack(1, -3);
    await moveBack(2, -3);
    const back = new Map([[2, 5n]]);
    await until(
      () =>
        used()
          .arena.admin.setGroupOffsets(GROUPS.worker, COMMANDS, back)
          .then(() => true),
      {
        what: 'the group being moved back',
      },
    );
    const workers = await Promise.all([
      used().arena.startWorker({ INSTANCE_ID: 'one' }),
      used().arena.startWorker({ INSTANCE_ID: 'two' }),
    ]);
    for (const worker of workers) {
      await until(async () => (await worker.ask('/readyz')).includes('the database has lost commits'), {
        what: 'each worker having stopped its lanes',
      });
    }
    const [halt] = await used().arena.mysql.pool.rows<{ why: string }>('SELECT why FROM pipeline_halts');
    expect(halt).toEqual({ why: 'lostCommits' });
    const before = await readLanes(used().arena);
    await placeInEach(1);
    await until(async () => (await workers[0]!.metric('worker_halted')) === 1, { what: 'the metric' });
    expect((await readLanes(used().arena)).map(({ nextOffset }) => nextOffset)).toEqual(
      before.map(({ nextOffset }) => nextOffset),
    );

    await moveBack(1, 3);
    await moveBack(2, 3);
    await used().arena.mysql.pool.write('DELETE FROM pipeline_halts');
    await used().arena.quiesce();
    for (const worker of workers) await worker.stop();
    expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
  }, 90_000);

  test('does not go past a command that this version does not decide', async () => {
    const worker = await used().arena.startWorker();
    const orderId = newOrderOf(4);
    await used().producer.send(placeCommand(orderId, [sku]));
    const { offset } = await used().producer.send(disputeCommand(orderId));
    await placeInEach(3);
    await until(
      async () => {
        const { produced, decided, published } = await used().arena.progress();
        return decided === produced - 4 && published === decided;
      },
      { what: 'everything except the lane with the command being decided and published' },
    );
    await until(async () => (await worker.ask('/readyz')).includes(`offset ${offset} holds RECORD_DISPUTE`), {
      what: 'readiness naming the command',
    });
    expect((await readLanes(used().arena))[4]!.nextOffset).toBe(offset);
    await until(
      async () => (await used().arena.admin.groupOffsets(GROUPS.worker, COMMANDS)).get(4) === BigInt(offset),
      { what: 'the group offset being at the command', deadlineMs: 5_000 },
    );
    expect((await worker.stop()).code).toBe(0);
  }, 60_000);
});

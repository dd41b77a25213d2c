/**
 * Somebody changes a position by hand. No command is decided twice or skipped, and `recover position`
 * corrects it.
 */
import { expect, test } from 'vitest';
import type { Arena } from '../support/arena/arena.ts';
import { newOrderOf, placeCommand } from '../support/arena/load.ts';
import { orderstream, orderstreamDone } from '../support/arena/processes/operator.ts';
import { audit } from '../support/arena/reading/audit.ts';
import { readLanes } from '../support/arena/reading/lane-positions.ts';
import { useArena } from '../support/arena/use-arena.ts';
import { until } from '../support/servers/stack.ts';

const used = useArena('moved');
const lane = 3;

async function place(count: number): Promise<void> {
  const { producer, skus } = used();
  for (let n = 0; n < count; n++) await producer.send(placeCommand(newOrderOf(lane), [skus[0]!]));
}

async function positionOf(arena: Arena): Promise<number> {
  return (await readLanes(arena)).find(({ partition }) => partition === lane)!.nextOffset;
}

async function move(arena: Arena, by: number): Promise<void> {
  await arena.mysql.pool.write(
    `UPDATE lane_positions SET next_offset = next_offset + ${by} WHERE partition_id = ${lane}`,
  );
}

test('moved back, the lane halts the pipeline; `recover position` goes to the last decided command and no further', async () => {
  const { arena, producer } = used();
  const worker = await arena.startWorker();
  await place(5);
  await arena.quiesce();
  const right = await positionOf(arena);
  await move(arena, -3);
  await place(2);
  await until(async () => (await worker.ask('/readyz')).includes('the database has lost commits'), {
    what: 'the pipeline being halted',
  });
  const status = await orderstream(arena, 'recover', 'status');
  expect(status.stdout).toContain(`orderstream recover position ${lane} --to ${right}`);

  const to = (offset: number) =>
    orderstream(arena, 'recover', 'position', String(lane), '--to', String(offset));
  expect((await to(right - 1)).stderr).toContain(`the outcome of offset ${right - 1} is published`);
  expect((await to(right + 1)).stderr).toContain(
    `the command at offset ${right}, which has no outcome in the outcome topic`,
  );
  await arena.mysql.pool.write(
    `UPDATE orders SET order_key = order_key + 1000000 WHERE source_offset = ${right - 2}`,
  );
  expect((await to(right)).stderr).toContain(
    `the command at offset ${right - 2}, which has no row in the tables`,
  );
  await arena.mysql.pool.write(
    `UPDATE orders SET order_key = order_key - 1000000 WHERE source_offset = ${right - 2 + 1_000_000}`,
  );
  const done = await to(right);
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('nothing is skipped')]);
  await orderstreamDone(arena, 'recover', 'continue');
  await arena.quiesce();
  await worker.stop();
  expect(await positionOf(arena)).toBe(right + 2);
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 120_000);

test('moved ahead, the idle lane stops before it skips a command, and so does a claim', async () => {
  const { arena, producer } = used();
  const running = await arena.startWorker();
  await place(2);
  await arena.quiesce();
  const right = await positionOf(arena);
  const help = `orderstream recover position ${lane} --to ${right}`;
  await move(arena, 2);
  await until(async () => (await running.ask('/readyz')).includes(help), { what: 'the idle lane stopping' });
  await running.stop();

  await place(3);
  const worker = await arena.startWorker();
  await until(async () => (await worker.ask('/readyz')).includes(help), { what: 'the claim stopping' });
  expect((await orderstream(arena, 'recover', 'status')).stdout).toContain(help);
  expect((await orderstream(arena, 'lag')).stdout).toContain(help);
  await orderstreamDone(arena, 'recover', 'position', String(lane), '--to', String(right));
  await arena.quiesce();
  await worker.stop();
  expect(await positionOf(arena)).toBe(right + 3);
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 120_000);

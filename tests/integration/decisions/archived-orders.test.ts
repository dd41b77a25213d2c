/** `orderstream archive` on orders with whole lives. Afterwards nothing is done twice, and `verify` finds nothing. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import {
  closeCommand,
  deliverCommand,
  goodsIssuedAtMs,
  refundCommand,
  shipCommand,
} from '../../support/arena/goods-commands.ts';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { orderstreamDone } from '../../support/arena/processes/operator.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const used = useArena('archive');
const [closed, cancelled, open, young] = [newOrderOf(1), newOrderOf(2), newOrderOf(3), newOrderOf(4)];
const windowMs = 2_592_000_000;
const dayMs = 86_400_000;
let dir: string;
let life: readonly OrderCommand[];

/** Sends the commands, and returns the outcome of each with its reason. */
async function outcomesOf(commands: readonly OrderCommand[]): Promise<string[]> {
  const { arena, producer } = used();
  const sent = [];
  for (const command of commands) sent.push(await producer.send(command));
  await arena.quiesce();
  const outcomes = await readOutcomes(arena);
  return sent.map(({ partition, offset }) => {
    const { outcome, reason } = outcomes.get(`${partition}-${offset}`)!;
    return reason === null ? outcome : `${outcome} ${reason.code}`;
  });
}

/** Rows of history and commands, by order. */
async function rowsOf(orderId: string): Promise<number[]> {
  const id = `X'${orderId.replaceAll('-', '')}'`;
  const [row] = await used().arena.mysql.pool.rows<{ h: number; c: number }>(
    `SELECT (SELECT COUNT(*) FROM order_history WHERE order_id = ${id}) AS h, (SELECT COUNT(*) FROM order_commands WHERE order_id = ${id}) AS c`,
  );
  return [Number(row!.h), Number(row!.c)];
}

beforeAll(async () => {
  const { arena, skus } = used();
  dir = await mkdtemp(path.join(tmpdir(), 'archive-'));
  await arena.startWorker();
  life = [
    placeCommand(closed, [skus[0]!], 4),
    confirmCommand(closed, 'pay', 1_000),
    shipCommand(closed),
    deliverCommand(closed),
    refundCommand(closed, { amount: 10 }),
    closeCommand(closed, goodsIssuedAtMs + windowMs),
  ];
  const others = [cancelled, open, young].map((id) => placeCommand(id, [skus[1]!]));
  await outcomesOf([...life, ...others, cancelCommand(cancelled), cancelCommand(young)]);
  await arena.mysql.pool.write(
    `UPDATE orders SET updated_at_ms = updated_at_ms - ${100 * dayMs} WHERE order_id <> X'${young.replaceAll('-', '')}'`,
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('without --execute it counts, and changes nothing', async () => {
  const shown = await orderstreamDone(used().arena, 'archive', '--older-than', '90d');
  expect(shown).toMatch(/^2 orders have not changed since .*: CANCELLED 1, CLOSED 1\n/);
  expect(await rowsOf(closed)).toEqual([5, 5]);
});

test('it writes the rows to a file and removes them, of ended old orders only', async () => {
  const { arena } = used();
  const done = await orderstreamDone(arena, 'archive', '--to', dir, '--execute');
  expect(done).toContain('2 orders archived: 11 rows removed, and written to ');
  const [file] = await readdir(dir);
  const lines = (await readFile(path.join(dir, file!), 'utf8')).trim().split('\n');
  const tables = lines.map((line) => (JSON.parse(line) as { table: string }).table);
  expect(Object.groupBy(tables, (table) => table)).toMatchObject({
    order_history: { length: 6 },
    order_commands: { length: 5 },
  });
  expect(await Promise.all([closed, cancelled, open, young].map(rowsOf))).toEqual([
    [0, 1],
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
  expect(complaints(await arena.verify())).toEqual([]);
  expect(await orderstreamDone(arena, 'audit', 'list', '--action', 'orders.archived')).toContain('closed');
  expect(await orderstreamDone(arena, 'archive', '--execute')).toContain('0 orders archived');
});

test('a retry of any old request changes nothing', async () => {
  expect(await outcomesOf(life)).toEqual([
    'DUPLICATE',
    'REFUSED PAYMENT_KNOWN',
    'REFUSED ILLEGAL_CHANGE',
    'REFUSED ILLEGAL_CHANGE',
    'DUPLICATE',
    'REFUSED ILLEGAL_CHANGE',
  ]);
  expect(complaints(await used().arena.verify())).toEqual([]);
});

test('money that comes later is kept and refunded, and verify still finds nothing', async () => {
  expect(await outcomesOf([confirmCommand(cancelled, 'late', 250)])).toEqual(['APPLIED']);
  expect(await rowsOf(cancelled)).toEqual([1, 1]);
  expect(complaints(await used().arena.verify())).toEqual([]);
});

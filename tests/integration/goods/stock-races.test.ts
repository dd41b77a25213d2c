/** Adjustments of a SKU while orders of other lanes take its last units. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { adjustCommand } from '../../support/arena/goods-commands.ts';
import { placeCommand } from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
const used = useArena('stock-races');

test('orders of many lanes and adjustments share the last units: none is sold twice, and no level is below 0', async () => {
  const { arena, producer } = used();
  const worker = await arena.startWorker();
  const [before] = await arena.mysql.pool.rows<{ available: number }>(
    `SELECT available FROM stock WHERE sku = '${sku}'`,
  );
  await producer.send(adjustCommand(sku, 60 - before!.available, 'to-60'));
  await arena.quiesce();
  const second = await arena.startWorker();

  // 120 units are wanted. 60 are there, 30 leave and 30 arrive.
  const orders = Array.from({ length: 120 }, () => placeCommand(randomUUID(), [sku]));
  const adjustments = Array.from({ length: 30 }, (_, n) => adjustCommand(sku, n % 2 === 0 ? -2 : 2, `a${n}`));
  const commands = orders.flatMap((order, n) => [order, ...adjustments.slice(n, n + 1)]);
  const sent = await Promise.all(commands.map((command) => producer.send(command)));
  await arena.quiesce();

  const outcomes = await readOutcomes(arena);
  const events = sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
  const accepted = events.filter(({ outcome }) => outcome === 'ACCEPTED').length;
  const reasons = new Set(events.flatMap(({ reason }) => reason?.code ?? []));
  expect([...reasons].filter((code) => code !== 'OUT_OF_STOCK' && code !== 'STOCK_TOO_LOW')).toEqual([]);
  const moved = events.reduce((sum, { stock }) => sum + (stock?.delta ?? 0), 0);
  expect(Math.min(...events.flatMap(({ stock }) => stock?.available ?? []))).toBeGreaterThanOrEqual(0);
  const [after] = await arena.mysql.pool.rows<{ available: number }>(
    `SELECT available FROM stock WHERE sku = '${sku}'`,
  );
  expect(after!.available).toBe(60 + moved - accepted);
  await Promise.all([worker.stop(), second.stop()]);
  expect((await audit(arena, producer.history)).findings).toEqual([]);
}, 120_000);

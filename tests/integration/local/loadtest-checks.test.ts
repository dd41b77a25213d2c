/**
 * If a run lost, invented or doubled an order, the store bench reports no figures. Each check must fail once
 * here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMeter } from '../../../loadtest/frame/meter.ts';
import { type Connection, connect } from '../../../loadtest/reference/connect.ts';
import { createPerOrder } from '../../../loadtest/reference/per-order.ts';
import { findProblem, type Ran } from '../../../loadtest/store/checks.ts';
import { databaseUrl, dropDatabase, makeDatabase, startLanes } from '../../../loadtest/store/database.ts';
import { createOrderStream } from '../../../loadtest/store/order-stream.ts';
import { createOurs } from '../../../loadtest/store/ours.ts';
import type { Subject, SubjectDeps } from '../../../loadtest/store/subject.ts';
import { testStack, unique } from '../../support/servers/stack.ts';

const stream = createOrderStream({ seed: 3, shape: 'uniform' });
const runMs = 300;
let url: string;
let connection: Connection;
let ran: Ran;

beforeAll(async () => {
  url = databaseUrl(testStack().mysqlUrl, unique('checks'));
  await makeDatabase(url);
  connection = await connect(url);
  ran = await runSubject(createOurs, 2);
});

afterAll(async () => {
  await connection?.end();
  if (url !== undefined) await dropDatabase(url);
});

test('a whole run of our writer passes', async () => {
  expect(ran.claimed.outcomes).toBeGreaterThan(0);
  expect(await findProblem(connection, ran)).toBeNull();
});

test('a whole run of the usual design after it passes', async () => {
  await connection.query('UPDATE stock SET available = initial');
  const usual = await runSubject(createPerOrder, 2);
  expect(usual.claimed.outcomes).toBeGreaterThan(0);
  expect(await findProblem(connection, usual)).toBeNull();
  // The checks look at the whole first run again, so the test removes the second.
  for (const table of ['order_items', 'orders']) {
    const later = usual.from.map(
      (offset, partition) =>
        `(order_key >> 48 = ${partition} AND (order_key & 281474976710655) >= ${offset})`,
    );
    await connection.query(`DELETE FROM ${table} WHERE ${later.join(' OR ')}`);
  }
  await connection.query(
    'UPDATE stock s LEFT JOIN (SELECT sku, SUM(quantity) AS units FROM order_items GROUP BY sku) h ON h.sku = s.sku ' +
      'SET s.available = s.initial - COALESCE(h.units, 0)',
  );
});

const damages: [string, string, RegExp][] = [
  ['a missing order', 'DELETE FROM orders LIMIT 1', /orders are stored instead of/],
  ['a missing line', 'DELETE FROM order_items LIMIT 1', /lines of \d+ units are stored instead of/],
  [
    'a quantity that changed',
    'UPDATE order_items SET quantity = quantity + 1 LIMIT 1',
    /units are stored instead of/,
  ],
  ['a total that is off by one', 'UPDATE orders SET total = total + 1 LIMIT 1', /^1 orders have amounts/],
  [
    'a wrong price',
    'UPDATE order_items SET line_total = line_total + quantity LIMIT 1',
    /^1 orders have amounts/,
  ],
  [
    'stock taken without an order',
    'UPDATE stock SET available = available - 1 LIMIT 1',
    /^1 SKUs have stock/,
  ],
  [
    'an unexpected rejection',
    "UPDATE orders SET status = 'REJECTED' LIMIT 1",
    /SKUs have stock|were rejected/,
  ],
];

test.each(damages)('%s is found', async (_, damage, words) => {
  await connection.query('START TRANSACTION');
  await connection.query(damage);
  const problem = await findProblem(connection, ran);
  await connection.query('ROLLBACK');
  expect(problem).toMatch(words);
});

test('a missing outcome is found', async () => {
  const claimed = { ...ran.claimed, outcomes: ran.claimed.outcomes! - 1 };
  expect(await findProblem(connection, { ...ran, claimed })).toMatch(/outcomes for \d+ orders/);
});

test('a bare run that wrote its fence is found', async () => {
  expect(await findProblem(connection, { ...ran, isBare: true })).toMatch(/must not write it/);
});

async function runSubject(create: (deps: SubjectDeps) => Subject, connections: number): Promise<Ran> {
  const from = await startLanes(connection);
  const subject = create({ url, stream, meter: createMeter(null), connections, from });
  await subject.start();
  await sleep(runMs);
  const claimed = await subject.stop();
  return { from, claimed, stream, shape: 'uniform', takesStock: true, isBare: false };
}

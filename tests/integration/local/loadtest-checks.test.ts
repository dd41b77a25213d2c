/**
 * If a run lost, invented or doubled an order, the store bench reports no figures. Each check must fail once
 * here.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMeter } from '../../../loadtest/frame/meter.ts';
import { type Connection, connect } from '../../../loadtest/reference/connect.ts';
import { createPerOrder } from '../../../loadtest/reference/per-order.ts';
import { findCommandProblem } from '../../../loadtest/store/checks/commands.ts';
import { findLifeProblem } from '../../../loadtest/store/checks/lives.ts';
import { findProblem, type Ran } from '../../../loadtest/store/checks/places.ts';
import { createCommandSource } from '../../../loadtest/store/commands/command-source.ts';
import { createLifeSource } from '../../../loadtest/store/commands/life-source.ts';
import {
  databaseUrl,
  dropDatabase,
  makeDatabase,
  restock,
  startLanes,
  takeLoadedStock,
} from '../../../loadtest/store/database.ts';
import { fillDatabase } from '../../../loadtest/store/fill.ts';
import { createOrderStream } from '../../../loadtest/store/order-stream.ts';
import { createOurs } from '../../../loadtest/store/ours.ts';
import type { Subject, SubjectDeps } from '../../../loadtest/store/subject.ts';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { testStack, unique, until } from '../../support/servers/stack.ts';

const stream = createOrderStream({ seed: 3, shape: 'uniform', pricing: 'rules' });
/** A run ends once it has stored this many rows more. */
const rowsOfRun = 500;
let url: string;
let connection: Connection;
let ran: Ran;

beforeAll(async () => {
  url = databaseUrl(testStack().mysqlUrl, unique('checks'));
  await makeDatabase(url, { pricing: 'rules' });
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
  await restock(url, 'uniform');
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
  await connection.query(
    'UPDATE coupon_counters k LEFT JOIN (SELECT coupon_code, SUM(coupon_counted & 1) AS orders FROM orders GROUP BY coupon_code) h ' +
      'ON h.coupon_code = k.code SET k.available = k.initial - COALESCE(h.orders, 0)',
  );
  await connection.query('DELETE FROM coupon_customers');
  await connection.query(
    'INSERT INTO coupon_customers (code, customer_id, used) SELECT coupon_code, customer_id, COUNT(*) FROM orders ' +
      'WHERE coupon_counted & 2 GROUP BY coupon_code, customer_id',
  );
  expect(await findProblem(connection, ran)).toBeNull();
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
    'a discount that is not the one of the coupon',
    `UPDATE orders o JOIN order_items i ON i.order_key = o.order_key AND i.line_no = 1
       JOIN (SELECT MIN(order_key) AS k FROM orders WHERE tax = 0) one ON one.k = o.order_key
     SET o.discount = o.discount - 1, i.discount = i.discount - 1, o.total = o.total + 1`,
    /^1 orders have another discount, shipping or tax/,
  ],
  [
    'shipping that is off by one',
    'UPDATE orders SET shipping = shipping + 1, total = total + 1 LIMIT 1',
    /^1 orders have another discount, shipping or tax/,
  ],
  [
    'tax on top that is off by one',
    'UPDATE orders SET tax = tax + 1, total = total + 1 WHERE tax > 0 LIMIT 1',
    /^1 orders have another discount, shipping or tax/,
  ],
  [
    'included tax that is off by one',
    'UPDATE orders SET tax_included = tax_included - 1 WHERE tax_included > 0 LIMIT 1',
    /^1 orders have another discount, shipping or tax/,
  ],
  [
    'a tax rate of another country',
    'UPDATE order_items SET tax_rate_ppm = 200001 WHERE tax_rate_ppm = 200000 LIMIT 1',
    /^1 orders have another discount, shipping or tax/,
  ],
  [
    'a redemption without an order',
    'UPDATE coupon_counters SET available = available - 1 LIMIT 1',
    /^1 coupons have redemptions/,
  ],
  [
    'a redemption of a customer without an order',
    'UPDATE coupon_customers SET used = used + 1 LIMIT 1',
    /^1 customers have redemptions/,
  ],
  [
    'a lost redemption of a customer',
    'DELETE FROM coupon_customers LIMIT 1',
    /^1 customers have redemptions/,
  ],
  [
    'an order that does not name its counter',
    'UPDATE orders SET coupon_counted = 0 WHERE coupon_counted > 0 LIMIT 1',
    /^1 orders do not say which counters/,
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

test('a run of payments and cancels passes, and each damage of it is found', async () => {
  const commandsUrl = databaseUrl(testStack().mysqlUrl, unique('commands'));
  const bare = createOrderStream({ seed: 3, shape: 'uniform' });
  // So that this short run cancels paid orders.
  const lagGroups = 2;
  const commandDamages: [string, RegExp][] = [
    ["DELETE FROM payments WHERE disposition = 'SETTLES' LIMIT 1", /^payments is/],
    ['UPDATE payments SET amount = amount + 1 LIMIT 1', /^received is/],
    ['UPDATE refunds SET amount = amount - 1 LIMIT 1', /^refundPending is/],
    ["UPDATE orders SET status = 'PENDING_PAYMENT' WHERE status = 'PAID' LIMIT 1", /^paid is/],
    ['DELETE FROM order_history LIMIT 1', /^1 orders do not agree/],
    ["UPDATE orders SET received = received - 1 WHERE status = 'PAID' LIMIT 1", /^1 orders do not agree/],
    ['UPDATE orders SET refund_pending = refund_pending + 1 LIMIT 1', /^1 orders do not agree/],
    ['UPDATE stock SET available = available + 1 LIMIT 1', /^1 SKUs have stock/],
  ];
  await fillDatabase(commandsUrl, { orders: 24_000, seed: 3 }, () => undefined);
  const own = await connect(commandsUrl);
  try {
    await takeLoadedStock(own);
    const from = await startLanes(own);
    const subject = createOurs(
      { url: commandsUrl, stream: bare, meter: createMeter(null), connections: 2, from },
      { sourceOf: (codec) => createCommandSource(bare, codec, COMMANDS, from, lagGroups) },
    );
    await rowsMore(own, 'order_commands', () => subject.start());
    const commands = { from, claimed: await subject.stop(), stream: bare, lagGroups };
    expect(commands.claimed.outcomes).toBeGreaterThan(0);
    expect(await findCommandProblem(own, commands)).toBeNull();
    for (const [damage, words] of commandDamages) {
      await own.query('START TRANSACTION');
      await own.query(damage);
      expect(await findCommandProblem(own, commands)).toMatch(words);
      await own.query('ROLLBACK');
    }
  } finally {
    await own.end();
    await dropDatabase(commandsUrl);
  }
});

test('a run of whole lives passes, and each damage of it is found', async () => {
  const livesUrl = databaseUrl(testStack().mysqlUrl, unique('lives'));
  const bare = createOrderStream({ seed: 3, shape: 'uniform' });
  // So that this short run delivers orders.
  const lagGroups = 2;
  const lifeDamages: [string, RegExp][] = [
    [
      "UPDATE orders SET status = 'SHIPPED' WHERE status = 'DELIVERED' LIMIT 1",
      /orders are (SHIPPED|DELIVERED) instead/,
    ],
    ["DELETE FROM orders WHERE status = 'PENDING_PAYMENT' LIMIT 1", /orders are PENDING_PAYMENT instead/],
    ['DELETE FROM order_history LIMIT 1', /^1 orders do not agree/],
    ['DELETE FROM payments LIMIT 1', /^1 orders do not agree/],
    ['DELETE FROM shipments LIMIT 1', /^1 orders do not agree/],
    [
      'UPDATE shipments SET delivered_at_ms = NULL WHERE delivered_at_ms > 0 LIMIT 1',
      /^1 orders do not agree/,
    ],
    ['UPDATE order_items SET shipped = shipped - 1 WHERE shipped > 0 LIMIT 1', /^1 orders do not agree/],
    ["UPDATE orders SET timer_at_ms = NULL WHERE status = 'DELIVERED' LIMIT 1", /^1 orders do not agree/],
    ['UPDATE stock SET available = available + 1 LIMIT 1', /^1 SKUs have stock/],
    ['UPDATE stock SET shipped = shipped + 1 LIMIT 1', /^1 SKUs have stock/],
  ];
  await makeDatabase(livesUrl, { pricing: 'bare' });
  const own = await connect(livesUrl);
  try {
    const from = await startLanes(own);
    const subject = createOurs(
      { url: livesUrl, stream: bare, meter: createMeter(null), connections: 2, from },
      { sourceOf: (codec) => createLifeSource(bare, codec, COMMANDS, from, lagGroups) },
    );
    await rowsMore(own, 'shipments', () => subject.start());
    const lives = { from, claimed: await subject.stop(), lagGroups };
    expect(await findLifeProblem(own, lives)).toBeNull();
    for (const [damage, words] of lifeDamages) {
      await own.query('START TRANSACTION');
      await own.query(damage);
      expect(await findLifeProblem(own, lives), damage).toMatch(words);
      await own.query('ROLLBACK');
    }
  } finally {
    await own.end();
    await dropDatabase(livesUrl);
  }
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
  await rowsMore(connection, 'orders', () => subject.start());
  const claimed = await subject.stop();
  return { from, claimed, stream, shape: 'uniform', pricing: 'rules', takesStock: true, isBare: false };
}

/** Starts a run, and waits until the table has so many rows more that a run can be judged. */
async function rowsMore(db: Connection, table: string, start: () => Promise<void>): Promise<void> {
  const count = async (): Promise<number> => {
    const [rows] = await db.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
    return Number(rows[0]!['n']);
  };
  const before = await count();
  await start();
  await until(async () => (await count()) >= before + rowsOfRun, { what: `more rows in ${table}` });
}

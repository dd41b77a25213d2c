/**
 * One storm: unpaid orders become due evenly over some seconds, while orders are placed at half of the capacity.
 *
 *   measure the capacity ──► load orders ──► give them their times ──► place ──► wait for the last expiry ──► check
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expiryGraceMs } from '../../services/domain/index.ts';
import { nowSql } from '../../services/shared/mysql/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import type { ClosedJob, OpenJob } from '../client/job.ts';
import { stockProblem } from '../e2e/rows.ts';
import { runInChild } from '../frame/child.ts';
import type { RunResult, Sample } from '../frame/types.ts';
import { countOutcomes, firstCommand } from '../http/outcome-rate.ts';
import type { World } from '../http/world.ts';
import type { Connection } from '../reference/connect.ts';
import { countOf, keysBetween, rows } from '../store/checks/rows.ts';
import { withConnection } from '../store/database.ts';
import { loadedFrom, loadOrders } from '../store/fill.ts';

const generator = path.join(import.meta.dirname, '../client/generator.ts');
const connections = 64;
const seed = 13;
const part = 0.5;
const capacityTimes = { warmUpMs: 3_000, measureMs: 6_000 };
/** Time for the generator process to start, and to reach its rate. */
const leadMs = 8_000;
const expireDeadlineMs = 120_000;
const lookEveryMs = 1_000;

export interface StormOptions {
  readonly round: number;
  /** Number of orders that become due; a multiple of 12, so that each partition has as many. */
  readonly orders: number;
  /** The time over which the orders become due. */
  readonly spanMs: number;
}

/** The orders that become due, and their first and last times in epoch ms by the clock of the database. */
interface Due {
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** `orders` of the sample are those placed while others became due. `more` has the lags in s, and the capacity in orders/s. */
export async function runStorm(world: World, options: StormOptions): Promise<RunResult> {
  const { round, spanMs } = options;
  const mysqlUrl = world.env['MYSQL_URL']!;
  const capacity = await measureCapacity(world, `c${round}-`);
  const due = await holdOrders(mysqlUrl, options);
  const keyPrefix = `s${round}-`;
  const perSecond = part * capacity;
  const placing = runInChild(generator, {
    ...world.load(),
    kind: 'open',
    keyPrefix,
    perSecond,
    waitSeconds: 0,
    refusalsCount: false,
    warmUpMs: leadMs,
    measureMs: spanMs,
  } satisfies OpenJob);
  const result = await placing;
  if (!result.ok) return result;
  await lastExpiry(mysqlUrl, due);
  await world.ledger.quiesce();
  const placedFault = await world.ledger.faultOf(keyPrefix, result.sample.more!['accepted']!);
  if (placedFault !== null) return { ok: false, problem: placedFault };
  return withConnection(mysqlUrl, async (connection) => {
    const problem = await findProblem(connection, due, options.orders);
    if (problem !== null) return { ok: false, problem };
    return {
      ok: true,
      sample: await sampleOf(connection, due, { capacity, perSecond, placed: result.sample }),
    };
  });
}

/** Outcomes per second while more orders arrive than the workers decide. */
async function measureCapacity(world: World, keyPrefix: string): Promise<number> {
  const running = runInChild(generator, {
    ...world.load(),
    ...capacityTimes,
    kind: 'closed',
    connections,
    ordersEach: 1,
    keyPrefix,
  } satisfies ClosedJob);
  await firstCommand(world.ledger, running);
  await sleep(capacityTimes.warmUpMs);
  const { outcomesPerSecond } = await countOutcomes(world.ledger, capacityTimes.measureMs);
  const result = await running;
  if (!result.ok) throw new Error(result.problem);
  await world.ledger.quiesce();
  return outcomesPerSecond;
}

/** Loads unpaid orders that hold stock, and then gives them their times. */
async function holdOrders(mysqlUrl: string, { round, orders, spanMs }: StormOptions): Promise<Due> {
  const each = orders / PARTITIONS;
  const firstOffset = loadedFrom + round * each;
  const endOffset = firstOffset + each;
  await loadOrders(mysqlUrl, { seed, firstOffset, orders });
  return withConnection(mysqlUrl, async (connection) => {
    const keys = keysBetween(firstOffset, endOffset, 'order_key');
    await connection.query(
      `UPDATE stock s JOIN (SELECT sku, SUM(quantity) AS units FROM order_items WHERE ${keys} GROUP BY sku) h
         ON h.sku = s.sku SET s.available = s.available - h.units`,
    );
    // Two updates, because the first one takes seconds: none of these orders is due before the second one.
    const number = `((order_key & ${2 ** 48 - 1}) - ${firstOffset}) * ${PARTITIONS} + (order_key >> 48)`;
    await setTimers(connection, keys, `${number} * ${spanMs} DIV ${orders} + ${nowSql} + 3600000`);
    const [row] = await rows(
      connection,
      `SELECT MIN(timer_at_ms) - ${nowSql} AS wait, ${nowSql} AS now FROM orders WHERE ${keys}`,
    );
    const earlierMs = Number(row!['wait']) - leadMs;
    const startedMs = performance.now();
    await connection.query(
      `UPDATE orders SET timer_at_ms = timer_at_ms - ?, payment_due_at_ms = payment_due_at_ms - ? WHERE ${keys}`,
      [earlierMs, earlierMs],
    );
    const tookMs = performance.now() - startedMs;
    if (tookMs > leadMs) throw new Error(`the orders got their times only after ${Math.round(tookMs)} ms`);
    const fromMs = Number(row!['now']) + leadMs;
    return { firstOffset, endOffset, fromMs, untilMs: fromMs + spanMs };
  });
}

async function setTimers(connection: Connection, keys: string, timerAtMs: string): Promise<void> {
  await connection.query(
    `UPDATE orders SET timer_at_ms = ${timerAtMs}, payment_due_at_ms = timer_at_ms - ${expiryGraceMs} WHERE ${keys}`,
  );
}

/** Resolves when none of the orders is unpaid. Rejects after a timeout. */
async function lastExpiry(mysqlUrl: string, { firstOffset, endOffset }: Due): Promise<void> {
  const keys = keysBetween(firstOffset, endOffset, 'order_key');
  const deadlineMs = performance.now() + expireDeadlineMs;
  await withConnection(mysqlUrl, async (connection) => {
    for (;;) {
      const left = await countOf(
        connection,
        `SELECT COUNT(*) AS n FROM orders WHERE timer_at_ms IS NOT NULL AND ${keys}`,
      );
      if (left === 0) return;
      if (performance.now() > deadlineMs) throw new Error(`${left} orders did not expire in time`);
      await sleep(lookEveryMs);
    }
  });
}

/** Every order must have expired once, with its stock given back. The first fault, as text, or null. */
async function findProblem(connection: Connection, due: Due, orders: number): Promise<string | null> {
  const keys = keysBetween(due.firstOffset, due.endOffset, 'o.order_key');
  const [row] = await rows(
    connection,
    `SELECT COUNT(*) AS n, COUNT(DISTINCT o.order_id) AS ids FROM orders o JOIN order_history h ON h.order_id = o.order_id
       AND h.command_type = 'EXPIRE' AND h.version = 2 WHERE ${keys} AND o.status = 'EXPIRED' AND o.version = 2`,
  );
  if (Number(row!['n']) !== orders || Number(row!['ids']) !== orders)
    return `${row!['ids']} of ${orders} orders expired, with ${row!['n']} entries in their history`;
  return stockProblem(connection);
}

async function sampleOf(
  connection: Connection,
  due: Due,
  run: { capacity: number; perSecond: number; placed: Sample },
): Promise<Sample> {
  const { firstOffset, endOffset, fromMs, untilMs } = due;
  const keys = keysBetween(firstOffset, endOffset, 'o.order_key');
  const lags = await rows(
    connection,
    `SELECT h.at_ms - o.payment_due_at_ms - ${expiryGraceMs} AS lag FROM orders o JOIN order_history h
       ON h.order_id = o.order_id AND h.version = 2 WHERE ${keys} ORDER BY lag`,
  );
  const lagS = (share: number) => Number(lags[Math.floor(share * (lags.length - 1))]!['lag']) / 1_000;
  const orders = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM orders o WHERE o.created_at_ms BETWEEN ${fromMs} AND ${untilMs - 1} AND NOT ${keys}`,
  );
  const repeats = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM orders o JOIN order_commands c ON c.order_id = o.order_id AND c.outcome <> 'APPLIED'
       WHERE ${keys}`,
  );
  const seconds = (untilMs - fromMs) / 1_000;
  const kept = orders / seconds / run.perSecond;
  const { capacity, placed } = run;
  const more = { peakLagS: lagS(1), p50LagS: lagS(0.5), p99LagS: lagS(0.99), kept, capacity, repeats };
  return { ...placed, orders, seconds, more };
}

/**
 * `node loadtest/store/timer-tables.ts` compares two places for the timers of orders. One is an index of `orders`. The
 * other is a narrow table of orders with a timer. Both place orders, end them and read those that are due, with the
 * statements of the product. It prints the processor time of the database and the elapsed time, in µs per order.
 */
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { processCpuUs } from '../frame/cpu.ts';
import { median } from '../frame/statistics.ts';
import type { Connection } from '../reference/connect.ts';
import { orderRows } from '../reference/load-data.ts';
import { orderColumns } from '../reference/order-values.ts';
import { databaseUrl, dropDatabase, inspectServer, withConnection } from './database.ts';
import { fillDatabase } from './fill.ts';
import { createOrderStream, type OrderStream } from './order-stream.ts';
import { openServer } from './server.ts';

type Place = 'index' | 'table';
type Step = 'place' | 'end' | 'read';

const places: readonly Place[] = ['index', 'table'];
const rounds = 7;
const batches = 24;
const batchOrders = 500;
/** Orders that ended before the run. Only the index has an entry for them, with NULL. */
const endedOrders = 120_000;
const seed = 17;
const bigints = "COLUMNS (t BIGINT PATH '$[0]', k BIGINT UNSIGNED PATH '$[1]')) d";

const columns = 'o.order_key, o.order_id, o.status, o.payment_due_at_ms';
const pageOrders = 1_000;
const reads: Readonly<Record<Place, string>> = {
  index: `SELECT ${columns}, o.timer_at_ms FROM orders o FORCE INDEX (orders_timer)
    WHERE o.timer_at_ms >= ? AND (o.timer_at_ms > ? OR o.order_key > ?) AND o.status IN ('PENDING_PAYMENT')
    ORDER BY o.timer_at_ms, o.order_key LIMIT ${pageOrders}`,
  table: `SELECT ${columns}, t.timer_at_ms FROM order_timers t STRAIGHT_JOIN orders o ON o.order_key = t.order_key
    WHERE t.timer_at_ms >= ? AND (t.timer_at_ms > ? OR t.order_key > ?) AND o.status IN ('PENDING_PAYMENT')
    ORDER BY t.timer_at_ms, t.order_key LIMIT ${pageOrders}`,
};

const server = await openServer((line) => console.error(line));
try {
  const { pid } = await inspectServer(server.url);
  const results = new Map<string, number[]>();
  const add = (key: string, value: number) => results.set(key, [...(results.get(key) ?? []), value]);
  for (const place of places) await prepare(place);
  for (let round = 0; round < rounds; round++) {
    for (const place of round % 2 === 0 ? places : places.toReversed()) {
      await withConnection(urlOf(place), (connection) => runRound(connection, place, round, pid, add));
    }
    console.error(`round ${round + 1} of ${rounds}`);
  }
  for (const [key, values] of results)
    console.log(`${key.padEnd(24)} ${median(values)!.toFixed(1).padStart(8)} µs an order`);
  for (const place of places) await dropDatabase(urlOf(place));
} finally {
  await server.close();
}

function urlOf(place: Place): string {
  return databaseUrl(server.url, `timer_${place}`);
}

async function prepare(place: Place): Promise<void> {
  const url = urlOf(place);
  await fillDatabase(url, { orders: endedOrders, seed }, () => undefined);
  await withConnection(url, async (connection) => {
    await connection.query("UPDATE orders SET status = 'PAID', timer_at_ms = NULL");
    if (place === 'index') return;
    await connection.query('ALTER TABLE orders DROP KEY orders_timer');
    await connection.query(
      'CREATE TABLE order_timers (timer_at_ms BIGINT NOT NULL, order_key BIGINT UNSIGNED NOT NULL, PRIMARY KEY (timer_at_ms, order_key))',
    );
  });
}

async function runRound(
  connection: Connection,
  place: Place,
  round: number,
  pid: number | null,
  add: (key: string, value: number) => void,
): Promise<void> {
  const stream = createOrderStream({ seed, shape: 'uniform' });
  const firstOffset = endedOrders + (round * batches * batchOrders) / PARTITIONS;
  const made = Array.from({ length: batches }, (_, batch) => makeBatch(stream, firstOffset, batch));
  const measure = async (step: Step, work: () => Promise<void>): Promise<void> => {
    const cpuUs = processCpuUs(pid) ?? Number.NaN;
    const startedMs = performance.now();
    await work();
    const orders = batches * batchOrders;
    add(`${step} ${place} elapsed`, ((performance.now() - startedMs) * 1_000) / orders);
    add(`${step} ${place} database CPU`, ((processCpuUs(pid) ?? Number.NaN) - cpuUs) / orders);
  };
  await measure('place', async () => {
    for (const batch of made) await placeBatch(connection, place, batch);
  });
  await measure('read', () => readDue(connection, place, batches * batchOrders));
  await measure('end', async () => {
    for (const { timers } of made) await endBatch(connection, place, timers);
  });
}

interface Batch {
  readonly rows: readonly unknown[][];
  /** Time and key of each order. */
  readonly timers: readonly (readonly [number, number])[];
}

function makeBatch(stream: OrderStream, firstOffset: number, batch: number): Batch {
  const partition = batch % PARTITIONS;
  const offset = firstOffset + Math.floor(batch / PARTITIONS) * batchOrders;
  const rows = orderRows(stream, partition, offset, batchOrders);
  const timerColumn = orderColumns.indexOf('timer_at_ms');
  const timers = rows.map((row, index): [number, number] => [
    Number(row[timerColumn]),
    orderKeyOf(partition, offset + index),
  ]);
  return { rows, timers };
}

async function placeBatch(connection: Connection, place: Place, { rows, timers }: Batch): Promise<void> {
  const timerColumn = orderColumns.indexOf('timer_at_ms');
  const own = place === 'index' ? rows : rows.map((row) => row.with(timerColumn, null));
  await connection.query('START TRANSACTION');
  await connection.query(`INSERT INTO orders (${orderColumns.join(',')}) VALUES ?`, [own]);
  if (place === 'table')
    await connection.query('INSERT INTO order_timers (timer_at_ms, order_key) VALUES ?', [timers]);
  await connection.query('COMMIT');
}

/** Ends the orders as a payment does. */
async function endBatch(connection: Connection, place: Place, timers: Batch['timers']): Promise<void> {
  const json = JSON.stringify(timers);
  await connection.query('START TRANSACTION');
  await connection.query(
    `UPDATE JSON_TABLE(?, '$[*]' ${bigints} STRAIGHT_JOIN orders o ON o.order_key = d.k
     SET o.status = 'PAID', o.version = 2, o.timer_at_ms = NULL WHERE o.version = 1`,
    [json],
  );
  if (place === 'table')
    await connection.query(
      `DELETE t FROM JSON_TABLE(?, '$[*]' ${bigints} STRAIGHT_JOIN order_timers t ON t.timer_at_ms = d.t AND t.order_key = d.k`,
      [json],
    );
  await connection.query('COMMIT');
}

async function readDue(connection: Connection, place: Place, orders: number): Promise<void> {
  let [timerAtMs, orderKey] = [0, 0];
  let read = 0;
  for (;;) {
    const [page] = await connection.query(reads[place], [timerAtMs, timerAtMs, orderKey]);
    const rows = page as { order_key: number; timer_at_ms: number }[];
    read += rows.length;
    if (rows.length < pageOrders) break;
    ({ timer_at_ms: timerAtMs, order_key: orderKey } = rows.at(-1)!);
  }
  if (read !== orders) throw new Error(`${read} orders were due instead of ${orders}`);
}

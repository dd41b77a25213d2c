/**
 * The fastest way to load a database: LOAD DATA of the same orders and items in one session. Each transaction loads a
 * chunk of both. This design takes no stock, publishes nothing, and writes all orders as accepted.
 */
import { Readable } from 'node:stream';
import type { ResultSetHeader } from 'mysql2/promise';
import { noRules, type Product } from '../../services/domain/index.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { currency, skuCount, skuName, unitPriceOf } from '../store/order-stream.ts';
import { goodsOf } from '../store/rules.ts';
import type { Claimed, Subject, SubjectDeps } from '../store/subject.ts';
import { type Connection, connect } from './connect.ts';
import { type Cell, itemCells, itemColumns, orderCells, orderColumns, priced } from './order-values.ts';

const chunkOrders = 2_000;
const products = new Map(
  Array.from({ length: skuCount }, (_, index): [string, Product] => [
    skuName(index),
    {
      sku: skuName(index),
      name: '',
      unitPrice: unitPriceOf(index),
      currency,
      ...goodsOf(index),
      breaks: null,
    },
  ]),
);
/** Binary columns, which are sent as hex. */
const hexColumns = new Set<string>(['order_id', 'fingerprint']);

export function createLoadData({ url, stream, meter, from }: SubjectDeps): Subject {
  const next = [...from];
  let stopping = false;
  let running: Promise<void> = Promise.resolve();

  const load = async (connection: Connection): Promise<void> => {
    for (let turn = 0; !stopping; turn++) {
      const partition = turn % PARTITIONS;
      const startedMs = performance.now();
      await loadChunk(connection, stream, partition, next[partition]!, chunkOrders);
      next[partition]! += chunkOrders;
      meter.transaction(performance.now() - startedMs, chunkOrders);
    }
    await connection.end();
  };

  return {
    async start() {
      running = load(await connect(url, { localFiles: true }));
      // `stop` reports the error. Until then a rejection must not end the process.
      running.catch(() => undefined);
    },
    async stop(): Promise<Claimed> {
      stopping = true;
      await running;
      return { to: next, outcomes: null };
    },
  };
}

/** Loads `count` orders of one partition, from an offset on, with their items. Uses one transaction. */
export async function loadChunk(
  connection: Connection,
  stream: SubjectDeps['stream'],
  partition: number,
  offset: number,
  count: number,
): Promise<void> {
  const nowMs = Date.now();
  let orders = '';
  let items = '';
  let itemCount = 0;
  for (let index = 0; index < count; index++) {
    const at = { partition, offset: offset + index };
    const order = priced(stream.command(partition, at.offset), at, products, 1, noRules);
    orders += `${orderCells(order, null, nowMs).map(field).join('\t')}\n`;
    for (const cells of itemCells(order)) {
      items += `${cells.map(field).join('\t')}\n`;
      itemCount += 1;
    }
  }
  await connection.query('START TRANSACTION');
  await loadInto(connection, 'orders', orderColumns, orders, count);
  await loadInto(connection, 'order_items', itemColumns, items, itemCount);
  await connection.query('COMMIT');
}

async function loadInto(
  connection: Connection,
  table: string,
  columns: readonly string[],
  lines: string,
  expected: number,
): Promise<void> {
  const targets = columns.map((column) => (hexColumns.has(column) ? `@${column}` : column));
  const sets = columns
    .filter((column) => hexColumns.has(column))
    .map((column) => `${column} = UNHEX(@${column})`);
  const [result] = await connection.query<ResultSetHeader>({
    sql:
      `LOAD DATA LOCAL INFILE 'memory' INTO TABLE ${table} CHARACTER SET utf8mb4 (${targets.join(',')})` +
      (sets.length > 0 ? ` SET ${sets.join(', ')}` : ''),
    infileStreamFactory: () => Readable.from([Buffer.from(lines)]),
  });
  if (result.affectedRows !== expected || result.warningStatus !== 0) {
    throw new Error(`LOAD DATA took ${result.affectedRows} of ${expected} rows of ${table}: ${result.info}`);
  }
}

/** One field of a tab-separated line, with the escapes that LOAD DATA reads by default. */
function field(cell: Cell): string {
  if (cell === null) return '\\N';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'string') return /[\\\t\n]/.test(cell) ? cell.replace(/[\\\t\n]/g, '\\$&') : cell;
  return cell.toString('hex');
}

/** The values of `count` orders of one partition, in the order of `orderColumns`. */
export function orderRows(
  stream: SubjectDeps['stream'],
  partition: number,
  offset: number,
  count: number,
): Cell[][] {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const at = { partition, offset: offset + index };
    return orderCells(priced(stream.command(partition, at.offset), at, products, 1, noRules), null, nowMs);
  });
}

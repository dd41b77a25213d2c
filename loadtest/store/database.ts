/** The databases of the store bench, and their server. */
import { readFileSync } from 'node:fs';
import type { RowDataPacket } from 'mysql2/promise';
import { migrate, orderKeyOf } from '../../services/orders-db/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import { type Connection, connect } from '../reference/connect.ts';
import { currency, hotSku, type Shape, skuCount, skuName, unitPriceOf } from './order-stream.ts';
import { goodsOf, importRules, type Pricing } from './rules.ts';

/** Units of stock: more than any run can sell. */
const plenty = 1_000_000_000;
/** Number of units of the SKU that sells out. */
export const saleUnits = 1_000;
const seedRows = 1_000;

const databasePrefix = 'os_bench_';

/** The URL of a database of the bench on the server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${databasePrefix}${name}`;
  return url.href;
}

/**
 * The process id of the server if it runs on this machine, else null. Throws if the server does not store commits
 * durably.
 */
export async function inspectServer(serverUrl: string): Promise<{ pid: number | null; version: string }> {
  return withConnection(withoutDatabase(serverUrl), async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush_log, @@GLOBAL.pid_file AS pid_file, VERSION() AS version',
    );
    const { flush_log: flushLog, pid_file: pidFile, version } = rows[0]!;
    if (Number(flushLog) !== 1) {
      throw new Error(`innodb_flush_log_at_trx_commit is ${flushLog}: the bench must measure durable orders`);
    }
    return { pid: pidOf(String(pidFile)), version: String(version) };
  });
}

function pidOf(file: string): number | null {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || null;
  } catch {
    // The server runs on another machine, so the table has no CPU time for it.
    return null;
  }
}

export interface DatabaseOptions {
  /** Whether the database finds repeated orders. */
  readonly dedupe?: boolean;
  readonly pricing?: Pricing;
}

/** Creates a new database with products, stock and price rules, but without orders. */
export async function makeDatabase(
  url: string,
  { dedupe = true, pricing = 'bare' }: DatabaseOptions = {},
): Promise<void> {
  await dropDatabase(url);
  await migrate({ url, log: createLogger({ service: 'bench', level: 'warn', instanceId: 'bench' }) });
  await withConnection(url, async (connection) => {
    for (let first = 0; first < skuCount; first += seedRows) await seed(connection, first);
    await connection.query('UPDATE catalogue_state SET version = 1 WHERE id = 1');
    await importRules(connection, pricing);
    if (!dedupe) await connection.query('ALTER TABLE orders DROP KEY orders_order_id');
    await connection.query('ANALYZE TABLE products, stock');
  });
}

export async function dropDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  if (!name.startsWith(databasePrefix)) throw new Error(`${name} is not a database of a bench`);
  await withConnection(withoutDatabase(url), (connection) =>
    connection.query(`DROP DATABASE IF EXISTS ${name}`),
  );
}

/** Fills the stock and the coupon counters for a run, and empties the outbox of the previous run. */
export async function restock(url: string, shape: Shape): Promise<void> {
  await withConnection(url, async (connection) => {
    await connection.query('DELETE FROM outbox');
    await connection.query('UPDATE stock SET added = 0, available = initial');
    await connection.query('UPDATE coupon_counters SET available = initial');
    await connection.query('DELETE FROM coupon_customers');
    if (shape === 'soldOut') {
      await connection.query('UPDATE stock SET initial = ?, available = ? WHERE sku = ?', [
        saleUnits,
        saleUnits,
        skuName(hotSku),
      ]);
    }
  });
}

/** Takes the stock of all orders in the tables, which were loaded without it. */
export async function takeLoadedStock(connection: Connection): Promise<void> {
  await connection.query(
    'UPDATE stock s JOIN (SELECT sku, SUM(quantity) AS units FROM order_items GROUP BY sku) h ON h.sku = s.sku ' +
      'SET s.available = s.available - h.units',
  );
}

/** Sets the position of every lane after the orders of its partition, and returns these positions. */
export async function startLanes(connection: Connection): Promise<number[]> {
  const positions: number[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT MAX(order_key) AS last FROM orders WHERE order_key BETWEEN ? AND ?',
      [orderKeyOf(partition, 0), orderKeyOf(partition + 1, 0) - 1],
    );
    const last = rows[0]!['last'];
    const next = last === null ? 0 : Number(last) - orderKeyOf(partition, 0) + 1;
    await connection.query(
      'REPLACE INTO lane_positions (topic, partition_id, next_offset, published_offset) VALUES (?, ?, ?, ?)',
      [COMMANDS, partition, next, next],
    );
    positions.push(next);
  }
  return positions;
}

export async function withConnection<T>(
  url: string,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  try {
    return await use(connection);
  } finally {
    await connection.end();
  }
}

async function seed(connection: Connection, first: number): Promise<void> {
  const indexes = Array.from({ length: seedRows }, (_, index) => first + index);
  const products = indexes.map((index) => {
    const { weightGrams, taxCategory } = goodsOf(index);
    return [skuName(index), `Article ${index}`, unitPriceOf(index), currency, weightGrams, taxCategory, 1, 0];
  });
  await connection.query(
    'INSERT INTO products (sku,name,unit_price,currency,weight_grams,tax_category,version,updated_at_ms) VALUES ?',
    [products],
  );
  const stock = indexes.map((index) => [skuName(index), plenty, plenty]);
  await connection.query('INSERT INTO stock (sku,initial,available) VALUES ?', [stock]);
}

function withoutDatabase(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.pathname = '/';
  return url.href;
}

/**
 * The usual design, carefully written: one transaction per order, with prepared statements, over several
 * connections.
 *
 * BEGIN · prices of the order's SKUs · order (its unique id refuses a repeat) · items, one statement ·   its
 * outbox row · stock, guarded, one statement per line in SKU order · COMMIT
 *
 * Stock comes last, as in the product: otherwise the transaction would hold the lock of a hot SKU from its
 * beginning. If a guard fails, the transaction is rolled back and another one writes the order as rejected.
 *
 * In favour of the design: nothing is decoded and no events are sent. The relay only deletes outbox rows, 500
 * at a time on its own connection; its SELECT and its sends are left out.
 */
import type { ResultSetHeader } from 'mysql2/promise';
import { bundledCodecs } from '../../services/shared/codec/index.ts';
import { COMMANDS } from '../../topics/catalogue.ts';
import { PARTITIONS } from '../../topics/partition.ts';
import type { Claimed, Subject, SubjectDeps } from '../store/subject.ts';
import { type Connection, connect } from './connect.ts';
import { outcomeBytes } from './event-bytes.ts';
import {
  itemCells,
  itemColumns,
  orderCells,
  orderColumns,
  type PricedCommand,
  priced,
} from './order-values.ts';
import { createRelay, type Relay } from './relay.ts';

const marks = (count: number) => Array.from({ length: count }, () => '?').join(',');
const insertOrder = `INSERT INTO orders (${orderColumns.join(',')}) VALUES (${marks(orderColumns.length)})`;
const insertOutbox =
  'INSERT INTO outbox (topic,partition_id,from_offset,to_offset,epoch,messages) VALUES (?,?,?,?,?,?)';
const takeStock = 'UPDATE stock SET available = available - ? WHERE sku = ? AND available >= ?';
// Prepared statements are cached by their text, one for each number of lines.
const insertItems = (lines: number) =>
  `INSERT INTO order_items (${itemColumns.join(',')}) VALUES ${Array.from({ length: lines }, () => `(${marks(itemColumns.length)})`).join(',')}`;
const readPrices = (lines: number) =>
  `SELECT sku, unit_price, version FROM products WHERE sku IN (${marks(lines)})`;

const codec = bundledCodecs({ commandsId: 1, eventsId: 2 }).events;

interface Place {
  readonly partition: number;
  readonly offset: number;
}

export function createPerOrder({ url, stream, meter, connections, from }: SubjectDeps): Subject {
  const next = [...from];
  let turn = 0;
  let stopping = false;
  let workers: Promise<void>[] = [];
  let relay: Relay;

  /** The lanes by turns, each in offset order. */
  const take = (): Place => {
    const partition = turn++ % PARTITIONS;
    return { partition, offset: next[partition]!++ };
  };

  const work = async (connection: Connection): Promise<void> => {
    while (!stopping) {
      const place = take();
      const startedMs = performance.now();
      await persist(connection, stream.command(place.partition, place.offset), place);
      meter.transaction(performance.now() - startedMs, 1);
      relay.committed(place.partition, place.offset);
    }
    await connection.end();
  };

  return {
    async start() {
      relay = createRelay(await connect(url), COMMANDS);
      const opened = await Promise.all(Array.from({ length: connections }, () => connect(url)));
      workers = opened.map(work);
      // Reported by `stop`; until then a rejection must not end the process.
      for (const worker of workers) worker.catch(() => undefined);
    },
    async stop(): Promise<Claimed> {
      stopping = true;
      await Promise.all(workers);
      return { to: next, outcomes: await relay.finish() };
    },
  };
}

async function persist(
  connection: Connection,
  command: Parameters<typeof priced>[0],
  place: Place,
): Promise<void> {
  await connection.query('START TRANSACTION');
  const order = await price(connection, command, place);
  await insert(connection, order, place, null);
  const short = await takeAll(connection, command.payload.lines);
  if (short !== null) {
    await connection.query('ROLLBACK');
    await connection.query('START TRANSACTION');
    await insert(connection, order, place, `Too little of ${short} is left.`);
  }
  await connection.query('COMMIT');
}

async function price(
  connection: Connection,
  command: Parameters<typeof priced>[0],
  { partition, offset }: Place,
): Promise<PricedCommand> {
  const skus = command.payload.lines.map(({ sku }) => sku);
  const [rows] = await connection.execute(readPrices(skus.length), skus);
  const products = rows as { sku: string; unit_price: number; version: number }[];
  const prices = new Map(products.map((row) => [row.sku, row.unit_price]));
  return priced(command, partition, offset, prices, products[0]!.version);
}

async function insert(
  connection: Connection,
  order: PricedCommand,
  { partition, offset }: Place,
  problem: string | null,
): Promise<void> {
  const nowMs = Date.now();
  const reason =
    problem === null ? null : { code: 'OUT_OF_STOCK', message: problem, pointer: null, seen: null };
  await connection.execute(
    insertOrder,
    orderCells(order, reason === null ? null : JSON.stringify(reason), nowMs),
  );
  const items = itemCells(order);
  await connection.execute(insertItems(items.length), items.flat());
  const event = outcomeBytes(codec, order, { partition, offset, nowMs }, reason);
  await connection.execute(insertOutbox, [COMMANDS, partition, offset, offset + 1, 1, event]);
}

/** Takes the lines' quantities in SKU order. Returns the first SKU with too little stock. */
async function takeAll(
  connection: Connection,
  lines: readonly { sku: string; quantity: number }[],
): Promise<string | null> {
  const sorted = [...lines].sort((a, b) => (a.sku < b.sku ? -1 : 1));
  for (const { sku, quantity } of sorted) {
    const [result] = await connection.execute<ResultSetHeader>(takeStock, [quantity, sku, quantity]);
    if (result.affectedRows !== 1) return sku;
  }
  return null;
}

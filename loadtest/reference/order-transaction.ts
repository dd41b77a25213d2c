/**
 * Stores one order in one transaction, with prepared statements:
 *
 *   BEGIN · prices of the order's SKUs · order (its unique id refuses a repeat) · items, one statement ·
 *   what the design stores beside it · stock, guarded, one statement per line in SKU order · COMMIT
 *
 * Stock comes last, as in the product. Otherwise the transaction would hold the lock of a hot SKU from its beginning.
 * If a guard fails, the transaction is rolled back. Another transaction then writes the order as rejected.
 */
import type { ResultSetHeader } from 'mysql2/promise';
import type { OrderEvent, PlaceCommand } from '../../schemas/generated/types.ts';
import type { Codec } from '../../services/shared/codec/index.ts';
import type { Connection } from './connect.ts';
import { outcomeBytes } from './event-bytes.ts';
import {
  itemCells,
  itemColumns,
  orderCells,
  orderColumns,
  type PricedCommand,
  priced,
} from './order-values.ts';

/** The partition and offset of an order, from which its primary key follows. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface OrderTransaction {
  readonly codec: Codec<OrderEvent>;
  readonly command: PlaceCommand;
  readonly place: Place;
  /** Writes further rows of the design in the same transaction. */
  keep?(event: Buffer): Promise<unknown>;
}

/** The encoded outcome of the order, and whether it was accepted. */
export interface Decided {
  readonly event: Buffer;
  readonly isAccepted: boolean;
}

const marks = (count: number) => Array.from({ length: count }, () => '?').join(',');
const insertOrder = `INSERT INTO orders (${orderColumns.join(',')}) VALUES (${marks(orderColumns.length)})`;
const takeStock = 'UPDATE stock SET available = available - ? WHERE sku = ? AND available >= ?';
// The driver caches prepared statements by their text, one for each number of lines.
const insertItems = (lines: number) =>
  `INSERT INTO order_items (${itemColumns.join(',')}) VALUES ${Array.from({ length: lines }, () => `(${marks(itemColumns.length)})`).join(',')}`;
const readPrices = (lines: number) =>
  `SELECT sku, unit_price, version FROM products WHERE sku IN (${marks(lines)})`;

/** Stores the order. Rolls back and rejects with the error of the database; ER_DUP_ENTRY for an existing order. */
export async function persistOrder(connection: Connection, order: OrderTransaction): Promise<Decided> {
  await connection.query('START TRANSACTION');
  try {
    const command = await price(connection, order);
    const unknown = order.command.payload.lines.find((_, line) => command.unitPrices[line] === null);
    const decided =
      unknown === undefined
        ? await decide(connection, order, command)
        : await insert(connection, order, command, {
            code: 'UNKNOWN_SKU',
            message: `${unknown.sku} is not known.`,
          });
    await connection.query('COMMIT');
    return decided;
  } catch (error) {
    await connection.query('ROLLBACK');
    throw error;
  }
}

async function decide(
  connection: Connection,
  order: OrderTransaction,
  command: PricedCommand,
): Promise<Decided> {
  const accepted = await insert(connection, order, command, null);
  const short = await takeAll(connection, order.command.payload.lines);
  if (short === null) return accepted;
  await connection.query('ROLLBACK');
  await connection.query('START TRANSACTION');
  const problem = { code: 'OUT_OF_STOCK', message: `Too little of ${short} is left.` };
  return insert(connection, order, command, problem);
}

async function price(connection: Connection, { command, place }: OrderTransaction): Promise<PricedCommand> {
  const skus = command.payload.lines.map(({ sku }) => sku);
  const [rows] = await connection.execute(readPrices(skus.length), skus);
  const products = rows as { sku: string; unit_price: number; version: number }[];
  const prices = new Map(products.map((row) => [row.sku, row.unit_price]));
  return priced(command, place.partition, place.offset, prices, products[0]?.version ?? 0);
}

async function insert(
  connection: Connection,
  { codec, place, keep }: OrderTransaction,
  command: PricedCommand,
  problem: { code: string; message: string } | null,
): Promise<Decided> {
  const nowMs = Date.now();
  const reason = problem === null ? null : { ...problem, pointer: null, seen: null };
  await connection.execute(
    insertOrder,
    orderCells(command, reason === null ? null : JSON.stringify(reason), nowMs),
  );
  const items = itemCells(command);
  await connection.execute(insertItems(items.length), items.flat());
  const event = outcomeBytes(codec, command, { ...place, nowMs }, reason);
  await keep?.(event);
  return { event, isAccepted: problem === null };
}

/** Takes the quantities of the lines in SKU order. Returns the first SKU that is short, or null. */
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

/**
 * Stores one order in one transaction, with prepared statements:
 *
 *   BEGIN · prices of the order's SKUs · order (its unique id refuses a repeat) · items, one statement ·
 *   what the design stores beside it · coupon counters, guarded · stock, guarded, one statement per line in SKU order ·
 *   COMMIT
 *
 * The price rules other than products are in memory. Counters come last, as in the product. Otherwise the transaction would hold the lock of a hot SKU from its beginning.
 * If a guard fails, the transaction is rolled back. Another transaction then writes the order as rejected.
 */
import type { ResultSetHeader } from 'mysql2/promise';
import type { OrderEvent, PlaceCommand } from '../../schemas/generated/types.ts';
import type { Coupon, Product, Rules } from '../../services/domain/index.ts';
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
  readonly rules: Rules;
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
const takeCoupon = 'UPDATE coupon_counters SET available = available - 1 WHERE code = ? AND available >= 1';
const addCustomer =
  'INSERT INTO coupon_customers (code, customer_id) VALUES (?, ?) ON DUPLICATE KEY UPDATE used = used';
const useCoupon =
  'UPDATE coupon_customers SET used = used + 1 WHERE code = ? AND customer_id = ? AND used < ?';
// The driver caches prepared statements by their text, one for each number of lines.
const insertItems = (lines: number) =>
  `INSERT INTO order_items (${itemColumns.join(',')}) VALUES ${Array.from({ length: lines }, () => `(${marks(itemColumns.length)})`).join(',')}`;
const readPrices = (lines: number) =>
  `SELECT sku, unit_price, currency, weight_grams, tax_category, version FROM products WHERE sku IN (${marks(lines)})`;

type Reason = NonNullable<OrderEvent['reason']>;

/** Stores the order. Rolls back and rejects with the error of the database; ER_DUP_ENTRY for an existing order. */
export async function persistOrder(connection: Connection, order: OrderTransaction): Promise<Decided> {
  await connection.query('START TRANSACTION');
  try {
    const command = await price(connection, order);
    const decided =
      command.reason === null
        ? await decide(connection, order, command)
        : await insert(connection, order, command, command.reason);
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
  const short =
    (command.coupon === null ? null : await redeem(connection, command.coupon, order.command.customerId!)) ??
    (await takeAll(connection, order.command.payload.lines));
  if (short === null) return accepted;
  await connection.query('ROLLBACK');
  await connection.query('START TRANSACTION');
  return insert(connection, order, command, short);
}

/** A product as the transaction reads it. The name is not needed. */
interface ProductRow {
  readonly sku: string;
  readonly unit_price: number;
  readonly currency: string;
  readonly weight_grams: number;
  readonly tax_category: string;
  readonly version: number;
}

async function price(
  connection: Connection,
  { command, place, rules }: OrderTransaction,
): Promise<PricedCommand> {
  const skus = command.payload.lines.map(({ sku }) => sku);
  const [rows] = await connection.execute(readPrices(skus.length), skus);
  const found = rows as ProductRow[];
  const products = new Map(found.map((row) => [row.sku, productOf(row)]));
  return priced(command, place, products, found[0]?.version ?? 0, rules);
}

function productOf(row: ProductRow): Product {
  const { sku, unit_price: unitPrice, currency } = row;
  const { weight_grams: weightGrams, tax_category: taxCategory } = row;
  return { sku, name: '', unitPrice, currency, weightGrams, taxCategory, breaks: null };
}

async function insert(
  connection: Connection,
  { codec, place, keep }: OrderTransaction,
  command: PricedCommand,
  reason: Reason | null,
): Promise<Decided> {
  const nowMs = Date.now();
  await connection.execute(
    insertOrder,
    orderCells(command, reason === null ? null : JSON.stringify(reason), nowMs),
  );
  const items = itemCells(command);
  await connection.execute(insertItems(items.length), items.flat());
  const event = outcomeBytes(codec, command, { ...place, nowMs }, reason);
  await keep?.(event);
  return { event, isAccepted: reason === null };
}

/** Takes a redemption from the counters of the coupon. Returns the reason if one is used up, or null. */
async function redeem(
  connection: Connection,
  { code, totalLimit, customerLimit }: Coupon,
  customerId: string,
): Promise<Reason | null> {
  if (customerLimit !== null) {
    await connection.execute(addCustomer, [code, customerId]);
    if ((await changed(connection, useCoupon, [code, customerId, customerLimit])) !== 1)
      return reasonOf('COUPON_USED', `The customer has used ${code}.`);
  }
  if (totalLimit !== null && (await changed(connection, takeCoupon, [code])) !== 1)
    return reasonOf('COUPON_EXHAUSTED', `${code} is used up.`);
  return null;
}

/** Takes the quantities of the lines in SKU order. Returns the reason if a SKU is short, or null. */
async function takeAll(
  connection: Connection,
  lines: readonly { sku: string; quantity: number }[],
): Promise<Reason | null> {
  const sorted = [...lines].sort((a, b) => (a.sku < b.sku ? -1 : 1));
  for (const { sku, quantity } of sorted) {
    if ((await changed(connection, takeStock, [quantity, sku, quantity])) !== 1)
      return reasonOf('OUT_OF_STOCK', `Too little of ${sku} is left.`);
  }
  return null;
}

/** Runs the update. Returns the number of rows that it changed. */
async function changed(connection: Connection, update: string, values: (string | number)[]): Promise<number> {
  const [result] = await connection.execute<ResultSetHeader>(update, values);
  return result.affectedRows;
}

function reasonOf(code: string, message: string): Reason {
  return { code, message, pointer: null, seen: null };
}

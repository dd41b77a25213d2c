/**
 * (c) Compares stock with live lines, (h) finds stuck orders, and (i) compares the amounts within each order. One
 * walk reads all orders in chunks, in one consistent read-only snapshot. Stock and orders change in the same
 * transactions, so any difference in the snapshot is real. A snapshot takes no locks, and pauses keep the load low.
 * The database only reads rows in key order. This process adds and compares, so that the workers' database has less
 * work.
 */
import type { OrderCommand } from '../../../schemas/index.ts';
import { holdsStock, type OrderStatus } from '../../domain/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import { bytesToUuid, type Session } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';
import type { Check } from './check.ts';
import type { Pace } from './pace.ts';

type CommandType = OrderCommand['type'];

/** Rows of one query. */
const chunkOrders = 4_000;
const chunkSkus = 4_000;
/** How long an order may keep a status before it counts as stuck. */
export interface StuckLimits {
  pendingGraceMs: number;
  paidMaxMs: number;
  shippedMaxMs: number;
  deliveredMaxMs: number;
}

export interface BookDeps {
  /** A separate session, because it holds the snapshot. */
  connect(): Promise<Session>;
  pace: Pace;
  clock: Clock;
  stuck: StuckLimits;
  /** Whether the workers decide this command. An order that no decided command moves on does not count as stuck. */
  isDecided(type: CommandType): boolean;
}

export function bookCheck({ connect, pace, clock, ...limits }: BookDeps): Check {
  return {
    name: 'book',
    kinds: ['STOCK_DIFFERS', 'MONEY_DIFFERS', 'ORDER_STUCK'],
    async run(_open, tally, signal) {
      const session = await connect();
      try {
        await session.write('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await session.write('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
        const held = new Map<string, number>();
        const nowMs = clock.nowMs();
        for (let after = -1; after !== null; ) {
          const upTo = await pace.chunk(
            () => readChunk(session, { after, nowMs, ...limits }, held, tally),
            signal,
          );
          if (upTo === null) break;
          after = upTo;
        }
        await compareStock(session, held, tally, pace, signal);
        return {};
      } finally {
        await session.close();
      }
    },
  };
}

interface Chunk extends Pick<BookDeps, 'stuck' | 'isDecided'> {
  after: number;
  nowMs: number;
}

interface AmountsRow {
  order_key: number;
  order_id: Buffer;
  status: OrderStatus;
  subtotal: number;
  discount: number;
  shipping: number;
  tax: number;
  total: number;
  payment_due_at_ms: number | null;
  updated_at_ms: number;
}

interface LineRow {
  order_key: number;
  sku: string;
  quantity: number;
  /** Null for a line of a rejected order without a price. */
  unit_price: number | null;
  line_total: number | null;
}

/** Reads one chunk of orders. Returns the start of the next chunk, or null at the end. */
async function readChunk(
  session: Session,
  chunk: Chunk,
  held: Map<string, number>,
  tally: Tally,
): Promise<number | null> {
  const orders = await session.rows<AmountsRow>(
    `SELECT order_key, order_id, status, subtotal, discount, shipping, tax, total, payment_due_at_ms, updated_at_ms
     FROM orders WHERE order_key > ? ORDER BY order_key LIMIT ?`,
    [chunk.after, chunkOrders],
  );
  const last = orders.at(-1)?.order_key;
  if (last === undefined) return null;
  const lines = await session.rows<LineRow>(
    `SELECT order_key, sku, quantity, unit_price, line_total
     FROM order_items WHERE order_key > ? AND order_key <= ? ORDER BY order_key`,
    [chunk.after, last],
  );
  let next = 0;
  for (const order of orders) {
    // Lines without an order are ignored.
    while (next < lines.length && lines[next]!.order_key < order.order_key) next++;
    const from = next;
    while (next < lines.length && lines[next]!.order_key === order.order_key) next++;
    const own = lines.slice(from, next);
    if (holdsStock(order.status)) {
      for (const { sku, quantity } of own) held.set(sku, (held.get(sku) ?? 0) + quantity);
    }
    const money = compareMoney(order, own);
    if (money !== null) tally.add(money);
    if (isStuck(order, chunk)) tally.add(stuckDifference(order));
  }
  return orders.length < chunkOrders ? null : last;
}

/** A line without a price makes the sum unknown, not wrong. */
function compareMoney(
  { order_id, subtotal, discount, shipping, tax, total }: AmountsRow,
  lines: readonly LineRow[],
): Difference | null {
  let sum: number | null = null;
  let wrongLines = 0;
  let unpriced = 0;
  for (const { quantity, unit_price, line_total } of lines) {
    if (line_total === null) unpriced++;
    else sum = (sum ?? 0) + line_total;
    if (line_total !== null && unit_price !== null && line_total !== quantity * unit_price) wrongLines++;
  }
  const agrees =
    subtotal - discount + shipping + tax === total &&
    lines.length > 0 &&
    wrongLines === 0 &&
    (unpriced > 0 || sum === subtotal);
  if (agrees) return null;
  return {
    kind: 'MONEY_DIFFERS',
    subject: bytesToUuid(order_id),
    expected: 'lines = subtotal, subtotal - discount + shipping + tax = total',
    actual: JSON.stringify({ lines: sum, wrongLines, subtotal, discount, shipping, tax, total }),
  };
}

/** The command that an order in this status waits for, and the limit of the wait. */
const nextCommands = {
  PAID: { type: 'SHIP', limit: 'paidMaxMs' },
  SHIPPED: { type: 'DELIVER', limit: 'shippedMaxMs' },
  DELIVERED: { type: 'CLOSE', limit: 'deliveredMaxMs' },
} as const satisfies Partial<Record<OrderStatus, { type: CommandType; limit: keyof StuckLimits }>>;

function isStuck(
  { status, payment_due_at_ms: dueAtMs, updated_at_ms: updatedAtMs }: AmountsRow,
  { nowMs, stuck, isDecided }: Chunk,
): boolean {
  switch (status) {
    case 'PENDING_PAYMENT':
      return isDecided('EXPIRE') && dueAtMs !== null && dueAtMs < nowMs - stuck.pendingGraceMs;
    case 'PAID':
    case 'SHIPPED':
    case 'DELIVERED': {
      const { type, limit } = nextCommands[status];
      return isDecided(type) && updatedAtMs < nowMs - stuck[limit];
    }
    default:
      return false;
  }
}

function stuckDifference({ order_id, status, updated_at_ms: since }: AmountsRow): Difference {
  return {
    kind: 'ORDER_STUCK',
    subject: bytesToUuid(order_id),
    expected: 'the next state',
    actual: JSON.stringify({ status, since: new Date(since).toISOString() }),
  };
}

/** Removes each matched SKU from `held`. The remaining SKUs have no stock row. */
async function compareStock(
  session: Session,
  held: Map<string, number>,
  tally: Tally,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await pace.chunk(
      () =>
        session.rows<{ sku: string; initial: number; added: number; available: number }>(
          'SELECT sku, initial, added, available FROM stock WHERE sku > ? ORDER BY sku LIMIT ?',
          [after, chunkSkus],
        ),
      signal,
    );
    for (const { sku, initial, added, available } of rows) {
      const taken = initial + added - available;
      if (taken !== (held.get(sku) ?? 0)) tally.add(stockDifference(sku, held.get(sku) ?? 0, taken));
      held.delete(sku);
    }
    if (rows.length < chunkSkus) break;
    after = rows.at(-1)!.sku;
  }
  for (const [sku, units] of held) tally.add(stockDifference(sku, units, 0));
}

function stockDifference(sku: string, held: number, taken: number): Difference {
  return {
    kind: 'STOCK_DIFFERS',
    subject: sku,
    expected: `${held} on live orders`,
    actual: `${taken} taken from stock`,
  };
}

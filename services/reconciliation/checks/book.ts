/**
 * (c) stock against live lines, (h) orders that are stuck, (i) money within each order. One walk over all orders in
 * chunks, in one consistent read-only snapshot: stock and orders change in the same transactions, so what differs in a
 * snapshot differs. A snapshot takes no locks; the pauses keep the load low.
 */
import { holdsStock, orderStatuses } from '../../domain/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import { bytesToUuid, type Session } from '../../shared/mysql/index.ts';
import type { Difference } from '../kinds.ts';
import type { Check } from './check.ts';
import type { Pace } from './pace.ts';

/** Of one query. The units per SKU are read once per chunk of orders: small chunks would read every SKU again and again. */
const chunkOrders = 16_000;
const chunkSkus = 4_000;
/** Differences of one walk; more would only say the same again. */
const differencesMax = 5_000;
/** An order may be due for so long before it counts as stuck. */
export interface StuckLimits {
  pendingGraceMs: number;
  paidMaxMs: number;
  shippedMaxMs: number;
  deliveredMaxMs: number;
}

export interface BookDeps {
  /** A session of its own: the snapshot lives in it. */
  connect(): Promise<Session>;
  pace: Pace;
  clock: Clock;
  stuck: StuckLimits;
}

const releasing = orderStatuses.filter((status) => !holdsStock(status));

export function bookCheck({ connect, pace, clock, stuck }: BookDeps): Check {
  return {
    name: 'book',
    kinds: ['STOCK_DIFFERS', 'MONEY_DIFFERS', 'ORDER_STUCK'],
    async run(_open, signal) {
      const session = await connect();
      try {
        await session.write('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await session.write('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
        const differences: Difference[] = [];
        const held = new Map<string, number>();
        const nowMs = clock.nowMs();
        for (let after = -1; after !== null; ) {
          const upTo = await pace.chunk(
            () => readChunk(session, { after, nowMs, stuck }, held, differences),
            signal,
          );
          if (upTo === null) break;
          after = upTo;
        }
        await compareStock(session, held, differences, pace, signal);
        return { differences: differences.slice(0, differencesMax) };
      } finally {
        await session.close();
      }
    },
  };
}

interface Chunk {
  after: number;
  nowMs: number;
  stuck: StuckLimits;
}

/** Reads one chunk of orders; gives where the next begins, null at the end. */
async function readChunk(
  session: Session,
  { after, nowMs, stuck }: Chunk,
  held: Map<string, number>,
  differences: Difference[],
): Promise<number | null> {
  const [last] = await session.rows<{ last: number | null; n: number }>(
    `SELECT MAX(order_key) AS last, COUNT(*) AS n FROM
       (SELECT order_key FROM orders WHERE order_key > ? ORDER BY order_key LIMIT ?) chunk`,
    [after, chunkOrders],
  );
  if (last === undefined || last.last === null) return null;
  const range = [after, last.last];
  for (const { sku, units } of await heldBy(session, range)) held.set(sku, (held.get(sku) ?? 0) + units);
  differences.push(...(await moneyOf(session, range)), ...(await stuckOf(session, range, nowMs, stuck)));
  return last.n < chunkOrders ? null : last.last;
}

async function heldBy(session: Session, range: readonly number[]): Promise<{ sku: string; units: number }[]> {
  const rows = await session.rows<{ sku: string; units: number | string }>(
    `SELECT i.sku AS sku, SUM(i.quantity) AS units
     FROM orders o JOIN order_items i ON i.order_key = o.order_key
     WHERE o.order_key > ? AND o.order_key <= ? AND o.status NOT IN (${releasing.map(() => '?').join(', ')})
     GROUP BY i.sku`,
    [...range, ...releasing],
  );
  return rows.map(({ sku, units }) => ({ sku, units: Number(units) }));
}

/** A line that could not be priced (of a rejected order) makes the sum of the lines unknown, not wrong. */
async function moneyOf(session: Session, range: readonly number[]): Promise<Difference[]> {
  const rows = await session.rows<
    Record<'subtotal' | 'discount' | 'shipping' | 'tax' | 'total', number> & {
      order_id: Buffer;
      line_sum: number | string | null;
      wrong_lines: number | string | null;
    }
  >(
    `SELECT o.order_id, o.subtotal, o.discount, o.shipping, o.tax, o.total, l.line_sum, l.wrong_lines
     FROM orders o LEFT JOIN (
       SELECT order_key, SUM(line_total) AS line_sum, SUM(line_total IS NULL) AS unpriced,
              SUM(line_total <> quantity * unit_price) AS wrong_lines
       FROM order_items WHERE order_key > ? AND order_key <= ? GROUP BY order_key
     ) l ON l.order_key = o.order_key
     WHERE o.order_key > ? AND o.order_key <= ?
       AND (o.subtotal - o.discount + o.shipping + o.tax <> o.total OR l.order_key IS NULL OR l.wrong_lines > 0
            OR (l.unpriced = 0 AND l.line_sum <> o.subtotal))
     LIMIT ?`,
    [...range, ...range, differencesMax],
  );
  return rows.map(({ order_id, line_sum, wrong_lines, subtotal, discount, shipping, tax, total }) => ({
    kind: 'MONEY_DIFFERS',
    subject: bytesToUuid(order_id),
    expected: 'lines = subtotal, subtotal - discount + shipping + tax = total',
    actual: JSON.stringify({
      lines: line_sum === null ? null : Number(line_sum),
      wrongLines: Number(wrong_lines ?? 0),
      subtotal,
      discount,
      shipping,
      tax,
      total,
    }),
  }));
}

async function stuckOf(
  session: Session,
  range: readonly number[],
  nowMs: number,
  stuck: StuckLimits,
): Promise<Difference[]> {
  const rows = await session.rows<{ order_id: Buffer; status: string; since: number }>(
    `SELECT order_id, status, updated_at_ms AS since FROM orders
     WHERE order_key > ? AND order_key <= ?
       AND ((status = 'PENDING_PAYMENT' AND payment_due_at_ms < ?) OR (status = 'PAID' AND updated_at_ms < ?)
            OR (status = 'SHIPPED' AND updated_at_ms < ?) OR (status = 'DELIVERED' AND updated_at_ms < ?))
     LIMIT ?`,
    [
      ...range,
      nowMs - stuck.pendingGraceMs,
      nowMs - stuck.paidMaxMs,
      nowMs - stuck.shippedMaxMs,
      nowMs - stuck.deliveredMaxMs,
      differencesMax,
    ],
  );
  return rows.map(({ order_id, status, since }) => ({
    kind: 'ORDER_STUCK',
    subject: bytesToUuid(order_id),
    expected: 'the next state',
    actual: JSON.stringify({ status, since: new Date(since).toISOString() }),
  }));
}

/** `held` is emptied on the way: what is left has no stock row at all. */
async function compareStock(
  session: Session,
  held: Map<string, number>,
  differences: Difference[],
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
      if (taken !== (held.get(sku) ?? 0)) differences.push(stockDifference(sku, held.get(sku) ?? 0, taken));
      held.delete(sku);
    }
    if (rows.length < chunkSkus) break;
    after = rows.at(-1)!.sku;
  }
  for (const [sku, units] of held) differences.push(stockDifference(sku, units, 0));
}

function stockDifference(sku: string, held: number, taken: number): Difference {
  return {
    kind: 'STOCK_DIFFERS',
    subject: sku,
    expected: `${held} on live orders`,
    actual: `${taken} taken from stock`,
  };
}

/**
 * Checks the invariants after a run of any design. Every order that the subject reports as decided is stored once
 * with all its lines. Amounts are right, counters match the orders that hold them, and each order has one outcome. A run
 * that violates an invariant has no number.
 */
import { PARTITIONS } from '../../../topics/partition.ts';
import type { Connection } from '../../reference/connect.ts';
import { saleUnits } from '../database.ts';
import { hotSku, type OrderStream, type Shape, skuName } from '../order-stream.ts';
import type { Pricing } from '../rules.ts';
import type { Claimed } from '../subject.ts';
import { wrongCoupons } from './coupons.ts';
import { wrongMoney } from './money.ts';
import { keysFrom, rows } from './rows.ts';

export interface Ran {
  readonly from: readonly number[];
  readonly claimed: Claimed;
  readonly stream: OrderStream;
  readonly shape: Shape;
  readonly pricing: Pricing;
  /** Whether the design takes stock. */
  readonly takesStock: boolean;
  /** Whether the session dropped the fence and the outbox rows of the writer. */
  readonly isBare: boolean;
}

/** The first fault, as text, or null. */
export async function findProblem(connection: Connection, ran: Ran): Promise<string | null> {
  return (
    (await wrongCounts(connection, ran)) ??
    (await wrongMoney(connection, ran)) ??
    (ran.takesStock ? await wrongStock(connection, ran) : null) ??
    (ran.takesStock ? await wrongCoupons(connection, ran) : null) ??
    (ran.isBare ? await keptGuards(connection, ran) : null) ??
    wrongOutcomes(ran)
  );
}

async function wrongCounts(connection: Connection, ran: Ran): Promise<string | null> {
  const expected = expectedTotals(ran);
  const run = keysFrom(ran.from, 'o.order_key');
  const [orders] = await rows(
    connection,
    `SELECT COUNT(*) AS n, COUNT(DISTINCT o.order_id) AS ids FROM orders o WHERE ${run}`,
  );
  if (Number(orders!['n']) !== expected.orders)
    return `${orders!['n']} orders are stored instead of ${expected.orders}`;
  if (Number(orders!['ids']) !== expected.orders)
    return `only ${orders!['ids']} of ${expected.orders} order ids differ`;
  const [items] = await rows(
    connection,
    `SELECT COUNT(*) AS n, COALESCE(SUM(o.quantity), 0) AS units FROM order_items o WHERE ${run}`,
  );
  const lines = `${items!['n']} lines of ${items!['units']} units`;
  const wanted = `${expected.lines} lines of ${expected.units} units`;
  return lines === wanted ? null : `${lines} are stored instead of ${wanted}`;
}

async function wrongStock(connection: Connection, ran: Ran): Promise<string | null> {
  const [wrong] = await rows(
    connection,
    `SELECT COUNT(*) AS n FROM stock s LEFT JOIN (SELECT i.sku, SUM(i.quantity) AS units FROM order_items i
       JOIN orders o ON o.order_key = i.order_key WHERE ${keysFrom(ran.from, 'o.order_key')} AND o.status = 'PENDING_PAYMENT'
       GROUP BY i.sku) h ON h.sku = s.sku
     WHERE s.available < 0 OR s.initial + s.added - s.available <> COALESCE(h.units, 0)`,
  );
  if (Number(wrong!['n']) > 0) return `${wrong!['n']} SKUs have stock that orders do not account for`;
  const [rejected] = await rows(
    connection,
    `SELECT COUNT(*) AS n, COALESCE(SUM(o.reason NOT LIKE '%OUT_OF_STOCK%'), 0) AS other FROM orders o
     WHERE ${keysFrom(ran.from, 'o.order_key')} AND o.status <> 'PENDING_PAYMENT'`,
  );
  if (Number(rejected!['other']) > 0)
    return `${rejected!['other']} orders were rejected for another reason than stock`;
  const allowed = ran.shape === 'soldOut' ? expectedTotals(ran).orders - saleUnits : 0;
  if (Number(rejected!['n']) === Math.max(0, allowed)) return null;
  return `${rejected!['n']} orders were rejected instead of ${allowed} (${skuName(hotSku)} sells ${saleUnits})`;
}

/** Checks that a bare run wrote no fence and no outbox row. Otherwise it would show a cost of zero. */
async function keptGuards(connection: Connection, { from }: Ran): Promise<string | null> {
  const [found] = await rows(
    connection,
    'SELECT (SELECT SUM(next_offset) FROM lane_positions) AS moved, (SELECT COUNT(*) FROM outbox) AS outbox',
  );
  const before = from.reduce((sum, offset) => sum + offset, 0);
  const isBare = Number(found!['moved']) === before && Number(found!['outbox']) === 0;
  return isBare ? null : 'the fence or the outbox was written in a run that must not write it';
}

function wrongOutcomes(ran: Ran): string | null {
  const { outcomes } = ran.claimed;
  const { orders } = expectedTotals(ran);
  return outcomes === null || outcomes === orders ? null : `${outcomes} outcomes for ${orders} orders`;
}

/** The totals of the orders in the stream between the first and last offsets of the run. */
function expectedTotals({ stream, from, claimed }: Ran): { orders: number; lines: number; units: number } {
  let orders = 0;
  let lines = 0;
  let units = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let offset = from[partition]!; offset < claimed.to[partition]!; offset++) {
      orders += 1;
      for (const line of stream.template(stream.templateOf(partition, offset)).payload.lines) {
        lines += 1;
        units += line.quantity;
      }
    }
  }
  return { orders, lines, units };
}

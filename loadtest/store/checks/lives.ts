/** Checks the invariants after whole lives. Each command that the subject reports as decided had its effect once. */
import { PARTITIONS } from '../../../topics/partition.ts';
import type { Connection } from '../../reference/connect.ts';
import { lifeStep } from '../commands/life-source.ts';
import type { Claimed } from '../subject.ts';
import { countOf, rows } from './rows.ts';

export interface RanLives {
  /** The offset of the first command of each partition. */
  readonly from: readonly number[];
  readonly claimed: Claimed;
  /** As in `lifeStep`. */
  readonly lagGroups?: number;
}

/** Numbers of commands by type. */
type Steps = Record<ReturnType<typeof lifeStep>['type'], number>;

/** The first fault, as text, or null. */
export async function findLifeProblem(connection: Connection, ran: RanLives): Promise<string | null> {
  const steps = stepsOf(ran);
  const { PLACE: placed, CONFIRM_PAYMENT: paid, SHIP: shipped, DELIVER: delivered } = steps;
  const commands = placed + paid + shipped + delivered;
  const { outcomes } = ran.claimed;
  if (outcomes !== commands) return `${outcomes} outcomes for ${commands} commands`;
  const expected: Record<string, number> = {
    PENDING_PAYMENT: placed - paid,
    PAID: paid - shipped,
    SHIPPED: shipped - delivered,
    DELIVERED: delivered,
  };
  const found = await rows(connection, 'SELECT status, COUNT(*) AS n FROM orders GROUP BY status');
  const statuses = Object.fromEntries(found.map((row) => [row['status'], Number(row['n'])]));
  for (const status of new Set([...Object.keys(expected), ...Object.keys(statuses)])) {
    const [is, wanted] = [statuses[status] ?? 0, expected[status] ?? 0];
    if (is !== wanted) return `${is} orders are ${status} instead of ${wanted}`;
  }
  return (await wrongOrders(connection)) ?? (await wrongStock(connection));
}

/** Compares each order with its own rows. */
async function wrongOrders(connection: Connection): Promise<string | null> {
  const wrong = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM orders o
     JOIN (SELECT order_key, SUM(quantity) AS units, SUM(shipped) AS shipped FROM order_items GROUP BY order_key) i
       ON i.order_key = o.order_key
     LEFT JOIN (SELECT order_id, COUNT(*) AS changes FROM order_history GROUP BY order_id) h ON h.order_id = o.order_id
     LEFT JOIN (SELECT order_key, COUNT(*) AS parcels, COUNT(delivered_at_ms) AS delivered FROM shipments GROUP BY order_key) s
       ON s.order_key = o.order_key
     LEFT JOIN (SELECT order_key, SUM(amount) AS amount FROM payments GROUP BY order_key) p ON p.order_key = o.order_key
     WHERE o.version <> 1 + COALESCE(h.changes, 0)
       OR o.received <> COALESCE(p.amount, 0) OR o.received <> IF(o.version > 1, o.total, 0)
       OR i.shipped <> IF(o.version > 2, i.units, 0)
       OR COALESCE(s.parcels, 0) <> (o.version > 2) OR COALESCE(s.delivered, 0) <> (o.version > 3)
       OR (o.timer_at_ms IS NULL) = (o.status IN ('PENDING_PAYMENT', 'DELIVERED'))`,
  );
  return wrong === 0 ? null : `${wrong} orders do not agree with their history, money and parcels`;
}

async function wrongStock(connection: Connection): Promise<string | null> {
  const wrong = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM stock s
     LEFT JOIN (SELECT sku, SUM(quantity) AS units, SUM(shipped) AS shipped FROM order_items GROUP BY sku) i ON i.sku = s.sku
     WHERE s.initial + s.added - s.available <> COALESCE(i.units, 0) OR s.shipped <> COALESCE(i.shipped, 0)`,
  );
  return wrong === 0 ? null : `${wrong} SKUs have stock that orders do not account for`;
}

function stepsOf({ from, claimed, lagGroups }: RanLives): Steps {
  const steps: Steps = { PLACE: 0, CONFIRM_PAYMENT: 0, SHIP: 0, DELIVER: 0 };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let offset = from[partition]!; offset < claimed.to[partition]!; offset++)
      steps[lifeStep(offset, from[partition]!, lagGroups).type] += 1;
  }
  return steps;
}

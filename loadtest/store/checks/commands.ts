/** Checks the invariants after payments and cancels. Each command that the subject reports as decided had its effect once. */
import { orderKeyOf } from '../../../services/orders-db/index.ts';
import { PARTITIONS } from '../../../topics/partition.ts';
import type { Connection } from '../../reference/connect.ts';
import { amountOfTemplate, plannedCommand } from '../commands/command-source.ts';
import type { OrderStream } from '../order-stream.ts';
import type { Claimed } from '../subject.ts';
import { countOf, rows } from './rows.ts';

export interface RanCommands {
  /** The offset of the first command of each partition. It equals the number of orders of the partition. */
  readonly from: readonly number[];
  readonly claimed: Claimed;
  readonly stream: OrderStream;
  /** As in `plannedCommand`. */
  readonly lagGroups?: number;
}

interface Expected {
  /** Paid orders that were not cancelled. */
  paid: number;
  cancelled: number;
  payments: number;
  /** Minor units, like the next one. */
  received: number;
  refunds: number;
  refundPending: number;
  commands: number;
}

/** The first fault, as text, or null. */
export async function findCommandProblem(connection: Connection, ran: RanCommands): Promise<string | null> {
  const expected = expectedOf(ran);
  const { outcomes } = ran.claimed;
  if (outcomes !== expected.commands) return `${outcomes} outcomes for ${expected.commands} commands`;
  const [stored] = await rows(
    connection,
    `SELECT (SELECT COUNT(*) FROM orders WHERE status = 'PAID') AS paid,
       (SELECT COUNT(*) FROM orders WHERE status = 'CANCELLED') AS cancelled,
       (SELECT COUNT(*) FROM payments WHERE disposition = 'SETTLES') AS payments,
       (SELECT COALESCE(SUM(amount), 0) FROM payments) AS received,
       (SELECT COUNT(*) FROM refunds WHERE status = 'REQUESTED') AS refunds,
       (SELECT COALESCE(SUM(amount), 0) FROM refunds) AS refundPending,
       (SELECT COUNT(*) FROM order_commands WHERE outcome = 'APPLIED') AS commands`,
  );
  for (const [name, value] of Object.entries(expected)) {
    if (Number(stored![name]) !== value)
      return `${name} is ${stored![name]} in the tables instead of ${value}`;
  }
  return (await wrongOrders(connection)) ?? (await wrongStock(connection));
}

/** Compares each order with its own rows. The first order of a run has version 1. */
async function wrongOrders(connection: Connection): Promise<string | null> {
  const wrong = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM orders o
     LEFT JOIN (SELECT order_id, COUNT(*) AS rows_of, MAX(version) AS version FROM order_history GROUP BY order_id) h
       ON h.order_id = o.order_id
     LEFT JOIN (SELECT order_key, SUM(amount) AS amount FROM payments GROUP BY order_key) p ON p.order_key = o.order_key
     LEFT JOIN (SELECT order_key, SUM(amount) AS amount FROM refunds GROUP BY order_key) r ON r.order_key = o.order_key
     WHERE o.version <> 1 + COALESCE(h.rows_of, 0) OR o.version <> COALESCE(h.version, 1)
       OR o.received <> COALESCE(p.amount, 0) OR o.refund_pending <> COALESCE(r.amount, 0)
       OR o.received <> IF(o.status = 'PAID' OR (o.status = 'CANCELLED' AND o.version = 3), o.total, 0)
       OR (o.timer_at_ms IS NULL) = (o.status = 'PENDING_PAYMENT')`,
  );
  return wrong === 0 ? null : `${wrong} orders do not agree with their history and their money`;
}

async function wrongStock(connection: Connection): Promise<string | null> {
  const wrong = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM stock s LEFT JOIN (SELECT i.sku, SUM(i.quantity) AS units FROM order_items i
       JOIN orders o ON o.order_key = i.order_key WHERE o.status <> 'CANCELLED' GROUP BY i.sku) h ON h.sku = s.sku
     WHERE s.initial + s.added - s.available <> COALESCE(h.units, 0)`,
  );
  return wrong === 0 ? null : `${wrong} SKUs have stock that orders do not account for`;
}

function expectedOf({ from, claimed, stream, lagGroups }: RanCommands): Expected {
  const sums = { paid: 0, cancelled: 0, payments: 0, received: 0, refunds: 0, refundPending: 0, commands: 0 };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const paidOrders = new Set<number>();
    for (let index = 0; index < claimed.to[partition]! - from[partition]!; index++) {
      const { type, orderOffset } = plannedCommand(index, from[partition]!, lagGroups);
      const amount = amountOfTemplate(stream, stream.templateOf(partition, orderOffset));
      sums.commands += 1;
      if (type === 'CONFIRM_PAYMENT') {
        paidOrders.add(orderKeyOf(partition, orderOffset));
        sums.payments += 1;
        sums.received += amount;
        continue;
      }
      sums.cancelled += 1;
      if (!paidOrders.delete(orderKeyOf(partition, orderOffset))) continue;
      sums.refunds += 1;
      sums.refundPending += amount;
    }
    sums.paid += paidOrders.size;
  }
  return sums;
}

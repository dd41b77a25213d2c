/**
 * Sums of money by currency, from one consistent view of the tables. The database adds up, so the memory does not grow
 * with the number of orders. `docs/samples/python/ledger.py` computes the same sums from the outcomes.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { beginSnapshot } from '../verify/snapshot.ts';
import type { LedgerRange } from './range.ts';

/** Minor units. A sum may be larger than the largest amount. */
export interface LedgerSums {
  /** Totals of the orders that were accepted in the range. */
  readonly placed: bigint;
  /** Payments that came in the range, for whatever reason. */
  readonly paid: bigint;
  /** Refunds whose newest result is a success in the range. */
  readonly refunded: bigint;
  /** Paid without refunded. */
  readonly kept: bigint;
  /** Totals of all orders that wait for their payment at the end of the range. */
  readonly outstanding: bigint;
  /** All refunds that are requested and have no result at the end of the range. */
  readonly refunding: bigint;
}

/** The sums of each currency that has any, sorted by currency. */
export async function readLedger(
  db: Connection,
  { fromMs, toMs }: LedgerRange,
): Promise<Map<string, LedgerSums>> {
  await beginSnapshot(db);
  const select = async (sql: string, values: number[]): Promise<RowDataPacket[]> =>
    (await db.query<RowDataPacket[]>(sql, values))[0];
  const orders = await select(ordersSql, [fromMs, toMs, toMs, toMs]);
  const payments = await select(paymentsSql, [fromMs, toMs]);
  const refunds = await select(refundsSql, [fromMs, toMs, toMs, toMs]);
  const currencies = new Set([...orders, ...payments, ...refunds].map((row) => String(row['currency'])));
  const sums = [...currencies].toSorted().map((currency) => {
    const of = (rows: RowDataPacket[], name: string): bigint =>
      BigInt(rows.find((row) => row['currency'] === currency)?.[name] ?? 0);
    const [paid, refunded] = [of(payments, 'paid'), of(refunds, 'refunded')];
    const balances = { outstanding: of(orders, 'outstanding'), refunding: of(refunds, 'refunding') };
    return [
      currency,
      { placed: of(orders, 'placed'), paid, refunded, kept: paid - refunded, ...balances },
    ] as const;
  });
  return new Map(sums.filter(([, each]) => Object.values(each).some((sum) => sum !== 0n)));
}

/** An order that leaves PENDING_PAYMENT never comes back. So the history is read only for orders that changed later. */
const ordersSql = `
  SELECT currency,
    SUM(CASE WHEN created_at_ms >= ? THEN total ELSE 0 END) AS placed,
    SUM(CASE WHEN status = 'PENDING_PAYMENT' OR (total > 0 AND updated_at_ms >= ? AND NOT EXISTS (
      SELECT 1 FROM order_history h
      WHERE h.order_id = o.order_id AND h.status <> 'PENDING_PAYMENT' AND h.at_ms < ?)) THEN total ELSE 0 END) AS outstanding
  FROM orders o WHERE status <> 'REJECTED' AND created_at_ms < ? GROUP BY currency`;

/** Rows of older workers have only the time of the command. */
const paymentsSql = `
  SELECT currency, SUM(amount) AS paid FROM payments
  WHERE COALESCE(booked_at_ms, received_at_ms) >= ? AND COALESCE(booked_at_ms, received_at_ms) < ? GROUP BY currency`;

const refundsSql = `
  SELECT currency,
    SUM(CASE WHEN status = 'SUCCEEDED' AND settled_at_ms >= ? AND settled_at_ms < ? THEN amount ELSE 0 END) AS refunded,
    SUM(CASE WHEN status = 'REQUESTED' OR settled_at_ms >= ? THEN amount ELSE 0 END) AS refunding
  FROM refunds WHERE requested_at_ms < ? GROUP BY currency`;

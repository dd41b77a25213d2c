/**
 * (n) Compares the counters of coupons with the orders that count. An order says itself which counters it took. It gives
 * them back when it ends unpaid or is cancelled.
 */
import { customerCounted, totalCounted } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Pace } from '../checks/pace.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';
import type { OrderRow } from './rows.ts';

/** Orders in these statuses have given their coupon back. `cli/verify` has its own list, and a test compares the two. */
export const withoutCoupon: ReadonlySet<string> = new Set([
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
]);

/** Rows of one query. */
const chunkRows = 4_000;

/** The orders that count, by counter. */
export interface CountedOrders {
  add(order: OrderRow): void;
  /** Compares every counter, and forgets the orders. */
  compare(session: Pick<Session, 'rows'>, tally: Tally, pace: Pace, signal: AbortSignal): Promise<void>;
}

export function countOrders(): CountedOrders {
  const byCode = new Map<string, number>();
  const byCustomer = new Map<string, number>();
  return {
    add({ status, coupon_counted: counted, coupon_code: code, coupon_customer: customerId }) {
      if (counted === 0 || code === null || withoutCoupon.has(status)) return;
      if ((counted & totalCounted) !== 0) addOne(byCode, code);
      if ((counted & customerCounted) !== 0) addOne(byCustomer, `${code} ${customerId}`);
    },
    async compare(session, tally, pace, signal) {
      for await (const { code, taken } of readTotals(session, pace, signal))
        compareOne(byCode, code, taken, tally);
      for await (const { key, used } of readCustomers(session, pace, signal))
        compareOne(byCustomer, key, used, tally);
      for (const missing of [byCode, byCustomer]) {
        for (const [subject, orders] of missing) tally.add(couponDifference(subject, orders, 0));
      }
    },
  };
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Removes the counter from `counts`. The remaining ones have no row. */
function compareOne(counts: Map<string, number>, key: string, taken: number, tally: Tally): void {
  const orders = counts.get(key) ?? 0;
  counts.delete(key);
  if (orders !== taken) tally.add(couponDifference(key, orders, taken));
}

function couponDifference(subject: string, orders: number, taken: number): Difference {
  return {
    kind: 'COUPON_DIFFERS',
    subject,
    expected: `${orders} on orders that count`,
    actual: `${taken} taken from the counter`,
  };
}

async function* readTotals(
  session: Pick<Session, 'rows'>,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<{ code: string; taken: number }> {
  for (let after = ''; ; ) {
    const rows = await pace.chunk(
      () =>
        session.rows<{ code: string; initial: number; added: number; available: number }>(
          'SELECT code, initial, added, available FROM coupon_counters WHERE code > ? ORDER BY code LIMIT ?',
          [after, chunkRows],
        ),
      signal,
    );
    for (const { code, initial, added, available } of rows)
      yield { code, taken: initial + added - available };
    if (rows.length < chunkRows) return;
    after = rows.at(-1)!.code;
  }
}

async function* readCustomers(
  session: Pick<Session, 'rows'>,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<{ key: string; used: number }> {
  for (let [code, customerId] = ['', '']; ; ) {
    const rows = await pace.chunk(
      () =>
        session.rows<{ code: string; customer_id: string; used: number }>(
          `SELECT code, customer_id, used FROM coupon_customers WHERE code > ? OR (code = ? AND customer_id > ?)
           ORDER BY code, customer_id LIMIT ?`,
          [code, code, customerId, chunkRows],
        ),
      signal,
    );
    for (const row of rows) yield { key: `${row.code} ${row.customer_id}`, used: row.used };
    const last = rows.at(-1);
    if (last === undefined || rows.length < chunkRows) return;
    [code, customerId] = [last.code, last.customer_id];
  }
}

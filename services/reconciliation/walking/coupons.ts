/**
 * (n) Compares the counters of coupons with the orders that count. An order says itself which counters it took. It gives
 * them back when it ends unpaid or is cancelled.
 */
import { customerCounted, totalCounted } from '../../domain/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';
import { type PagedReads, pageRows, readPages } from './pages.ts';
import type { OrderRow } from './rows.ts';

/** Orders in these statuses have given their coupon back. `cli/verify` has its own list, and a test compares the two. */
export const withoutCoupon: ReadonlySet<string> = new Set([
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
]);

/** The orders that count, by counter. */
export interface CountedOrders {
  add(order: OrderRow): void;
  /** Compares every counter, and forgets the orders. */
  compare(reads: PagedReads, tally: Tally): Promise<void>;
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
    async compare(reads, tally) {
      for await (const { code, initial, added, available } of readTotals(reads))
        compareOne(byCode, code, initial + added - available, tally);
      for await (const { code, customer_id: customerId, used } of readCustomers(reads))
        compareOne(byCustomer, `${code} ${customerId}`, used, tally);
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

function readTotals({ session, pace, signal }: PagedReads) {
  return readPages<{ code: string; initial: number; added: number; available: number }, string>(
    (after) =>
      pace.chunk(
        () =>
          session.rows(
            'SELECT code, initial, added, available FROM coupon_counters WHERE code > ? ORDER BY code LIMIT ?',
            [after, pageRows],
          ),
        signal,
      ),
    '',
    ({ code }) => code,
  );
}

function readCustomers({ session, pace, signal }: PagedReads) {
  return readPages<
    { code: string; customer_id: string; used: number },
    readonly [code: string, customerId: string]
  >(
    ([code, customerId]) =>
      pace.chunk(
        () =>
          session.rows(
            `SELECT code, customer_id, used FROM coupon_customers WHERE code > ? OR (code = ? AND customer_id > ?)
           ORDER BY code, customer_id LIMIT ?`,
            [code, code, customerId, pageRows],
          ),
        signal,
      ),
    ['', ''],
    ({ code, customer_id }) => [code, customer_id],
  );
}

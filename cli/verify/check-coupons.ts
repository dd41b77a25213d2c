/** Compares the counters of coupons with the orders that took them. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Findings } from './checks.ts';
import type { CheckedOrderRow } from './order-row.ts';

/** Orders that count, by counter. */
export interface CouponUses {
  /** By code. */
  totals: Map<string, number>;
  /** By code and customer, with a blank between. */
  customers: Map<string, number>;
}

/** Bits of `coupon_counted`. */
const TOTAL = 1;
const CUSTOMER = 2;
/** An order with one of these statuses has given its coupon back. The list is separate on purpose, as `WITHOUT_STOCK` is. */
export const WITHOUT_COUPON: ReadonlySet<string> = new Set([
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'PAYMENT_FAILED',
]);

/** Adds the counters that the order took. */
export function countCoupons(
  { totals, customers }: CouponUses,
  { status, couponCode, couponCounted, customerId }: CheckedOrderRow,
): void {
  if (couponCode === null || WITHOUT_COUPON.has(status)) return;
  if ((couponCounted & TOTAL) !== 0) addOne(totals, couponCode);
  if ((couponCounted & CUSTOMER) !== 0) addOne(customers, `${couponCode} ${customerId}`);
}

function addOne(uses: Map<string, number>, key: string): void {
  uses.set(key, (uses.get(key) ?? 0) + 1);
}

export interface CouponDeps {
  db: Connection;
  findings: Findings;
  uses: CouponUses;
}

/** Compares every counter. */
export async function checkCoupons({ db, findings, uses }: CouponDeps): Promise<void> {
  const [totals] = await db.query<RowDataPacket[]>(
    'SELECT code AS name, initial + added - available AS taken FROM coupon_counters',
  );
  const [customers] = await db.query<RowDataPacket[]>(
    "SELECT CONCAT(code, ' ', customer_id) AS name, used AS taken FROM coupon_customers",
  );
  compare(findings, uses.totals, totals);
  compare(findings, uses.customers, customers);
}

function compare(findings: Findings, uses: Map<string, number>, rows: RowDataPacket[]): void {
  const left = new Map(uses);
  for (const row of rows) {
    const name = String(row['name']);
    const [orders, taken] = [left.get(name) ?? 0, Number(row['taken'])];
    left.delete(name);
    if (orders !== taken) findings.add('coupons', `${name}: ${taken} taken, but ${orders} orders count`);
  }
  for (const [name, orders] of left)
    findings.add('coupons', `${name}: ${orders} orders count, but it has no counter`);
}

/** Checks the coupon counters after a run against the orders that took them. */
import type { Connection } from '../../reference/connect.ts';
import { countOf, keysFrom } from './rows.ts';

/** The first fault, as text, or null. The counters were full before the run. */
export async function wrongCoupons(
  connection: Connection,
  { from }: { readonly from: readonly number[] },
): Promise<string | null> {
  const held = `${keysFrom(from, 'o.order_key')} AND o.status = 'PENDING_PAYMENT'`;
  const marks = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM orders o LEFT JOIN coupons c ON c.code = o.coupon_code WHERE ${held}
       AND o.coupon_counted <> COALESCE((c.total_limit IS NOT NULL) + 2 * (c.customer_limit IS NOT NULL), 0)`,
  );
  if (marks > 0) return `${marks} orders do not say which counters they took`;
  const totals = await countOf(
    connection,
    `SELECT COUNT(*) AS n FROM coupon_counters k LEFT JOIN (SELECT o.coupon_code, COUNT(*) AS orders FROM orders o
       WHERE ${held} AND o.coupon_counted & 1 GROUP BY o.coupon_code) h ON h.coupon_code = k.code
     WHERE k.initial + k.added - k.available <> COALESCE(h.orders, 0)`,
  );
  if (totals > 0) return `${totals} coupons have redemptions that orders do not account for`;
  const uses = `SELECT o.coupon_code AS code, o.customer_id, COUNT(*) AS orders FROM orders o
    WHERE ${held} AND o.coupon_counted & 2 GROUP BY o.coupon_code, o.customer_id`;
  const customers = await countOf(
    connection,
    `SELECT (SELECT COUNT(*) FROM coupon_customers k LEFT JOIN (${uses}) h ON h.code = k.code AND h.customer_id = k.customer_id
       WHERE k.used <> COALESCE(h.orders, 0))
     + (SELECT COUNT(*) FROM (${uses}) h LEFT JOIN coupon_customers k ON k.code = h.code AND k.customer_id = h.customer_id
       WHERE k.code IS NULL) AS n`,
  );
  return customers === 0 ? null : `${customers} customers have redemptions that orders do not account for`;
}

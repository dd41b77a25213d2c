/** Checks of payments and refunds against the orders, with SQL only. They share no code with the product. */
import type { Arena } from '../arena.ts';

/** A worker from before the timers leaves this fault. The scheduler takes such orders over. */
export const timerFault = 'the timer does not fit the status';

/** Each query gives one row per fault, with the id of the order. */
const faults = {
  'the sums of the order are not those of its rows': `
    SELECT o.order_id FROM orders o
    LEFT JOIN (SELECT order_key, currency, SUM(amount) AS received FROM payments GROUP BY order_key, currency) p
      ON p.order_key = o.order_key AND p.currency = o.currency
    LEFT JOIN (SELECT order_key, currency, SUM(IF(status = 'REQUESTED', amount, 0)) AS pending,
        SUM(IF(status = 'SUCCEEDED', amount, 0)) AS refunded FROM refunds GROUP BY order_key, currency) r
      ON r.order_key = o.order_key AND r.currency = o.currency
    WHERE o.received <> COALESCE(p.received, 0) OR o.refund_pending <> COALESCE(r.pending, 0)
      OR o.refunded <> COALESCE(r.refunded, 0)`,
  'a payment settles no live order and does not go back exactly once': `
    SELECT p.order_id FROM payments p LEFT JOIN orders o ON o.order_key = p.order_key
    WHERE NOT (p.disposition = 'SETTLES' AND o.status IN ('PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED'))
      AND p.amount NOT BETWEEN
        (SELECT COALESCE(SUM(r.amount), 0) FROM refunds r WHERE r.payment_id = p.payment_id AND r.status <> 'FAILED')
        AND (SELECT COALESCE(SUM(r.amount), 0) FROM refunds r WHERE r.payment_id = p.payment_id AND r.retried = 0)`,
  'an order is paid without its payment': `
    SELECT o.order_id FROM orders o WHERE o.status IN ('PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED') AND o.total > 0 AND 1 <> (SELECT COUNT(*) FROM payments p
      WHERE p.order_key = o.order_key AND p.disposition = 'SETTLES' AND p.amount = o.total AND p.currency = o.currency)`,
  [timerFault]: `
    SELECT order_id FROM orders WHERE (status IN ('PENDING_PAYMENT', 'DELIVERED')) <> (timer_at_ms IS NOT NULL)
      OR (status = 'PENDING_PAYMENT' AND timer_at_ms <> payment_due_at_ms + 60000)`,
  'an open refund is not in the index of open ones, or a closed one is': `
    SELECT order_id FROM refunds WHERE (status = 'REQUESTED') <> (open_since_ms IS NOT NULL)`,
};

/** One line per kind of fault, with the first order. */
export async function moneyFaults({ mysql }: Arena): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(faults)) {
    const rows = await mysql.pool.rows<{ order_id: Buffer }>(sql);
    if (rows.length > 0) found.push(`${what}: ${rows.length}, such as ${rows[0]!.order_id.toString('hex')}`);
  }
  return found;
}

/** Checks of units, shipments and stock against each other, with SQL only. They share no code with the product. */
import type { Arena } from '../arena.ts';

const unitsOf = (table: string, column: string) => `
  SELECT t.order_key, l.line_no, SUM(l.${column}) AS units FROM ${table} t
  JOIN JSON_TABLE(t.line_units, '$[*]' COLUMNS (line_no INT PATH '$.line', quantity INT PATH '$.quantity',
    restock INT PATH '$.restock')) l GROUP BY t.order_key, l.line_no`;

const sumsDiffer = (column: string, table: string, part: string) => `
  SELECT HEX(o.order_id) AS subject FROM order_items i JOIN orders o ON o.order_key = i.order_key
  LEFT JOIN (${unitsOf(table, part)}) u ON u.order_key = i.order_key AND u.line_no = i.line_no
  WHERE i.${column} <> COALESCE(u.units, 0)`;

/** Each query gives one row per fault, with the order or SKU. */
const faults = {
  'the shipped units of a line are not those of its shipments': sumsDiffer(
    'shipped',
    'shipments',
    'quantity',
  ),
  'the returned units of a line are not those of its returns': sumsDiffer('returned', 'returns', 'quantity'),
  'the restocked units of a line are not those of its returns': sumsDiffer('restocked', 'returns', 'restock'),
  'a line has more units than were ordered': `
    SELECT HEX(o.order_id) AS subject FROM order_items i JOIN orders o ON o.order_key = i.order_key
    WHERE i.shipped + i.cancelled > i.quantity OR i.returned > i.shipped OR i.restocked > i.returned
      OR i.refunded > i.quantity OR LEAST(i.shipped, i.cancelled, i.returned, i.restocked, i.refunded) < 0`,
  'the status of an order is not that of its units': `
    SELECT HEX(o.order_id) AS subject FROM orders o JOIN (SELECT order_key, SUM(quantity - cancelled - shipped) AS unshipped,
        SUM(shipped) AS shipped, SUM(shipped - returned) AS away FROM order_items GROUP BY order_key) u
      ON u.order_key = o.order_key
    LEFT JOIN (SELECT order_key, SUM(delivered_at_ms IS NULL) AS open FROM shipments GROUP BY order_key) s
      ON s.order_key = o.order_key
    WHERE (o.status IN ('SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED') AND u.unshipped <> 0)
      OR (o.status IN ('PAID', 'SHIPPED', 'DELIVERED', 'CLOSED') AND u.unshipped = 0 AND u.away = 0)
      OR (o.status = 'RETURNED' AND u.away <> 0)
      OR (o.status IN ('DELIVERED', 'CLOSED') AND COALESCE(s.open, 0) > 0)
      OR (o.status NOT IN ('PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED') AND u.shipped > 0)`,
  'the level of a SKU is not that of its orders': `
    SELECT s.sku AS subject FROM stock s LEFT JOIN (SELECT i.sku,
        SUM(IF(o.status IN ('REJECTED', 'CANCELLED', 'EXPIRED', 'PAYMENT_FAILED'), 0, i.quantity - i.cancelled - i.restocked)) AS held,
        SUM(i.shipped - i.restocked) AS shipped
      FROM order_items i JOIN orders o ON o.order_key = i.order_key GROUP BY i.sku) u ON u.sku = s.sku
    WHERE s.initial + s.added - s.available <> COALESCE(u.held, 0) OR s.shipped <> COALESCE(u.shipped, 0)`,
};

/** One line per kind of fault, with the first order or SKU. */
export async function goodsFaults({ mysql }: Arena): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(faults)) {
    const rows = await mysql.pool.rows<{ subject: string }>(sql);
    if (rows.length > 0) found.push(`${what}: ${rows.length}, such as ${rows[0]!.subject}`);
  }
  return found;
}

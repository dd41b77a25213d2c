/**
 * Checks the amounts of all accepted orders of a run. The expected amounts are computed in SQL from the contents of the orders.
 * The rules stand here a second time, so that a fault of the product cannot hide itself.
 */
import type { Connection } from '../../reference/connect.ts';
import type { Pricing } from '../rules.ts';
import { countOf, keysFrom } from './rows.ts';

interface Ran {
  readonly from: readonly number[];
  readonly pricing: Pricing;
}

/** The first fault, as text, or null. */
export async function wrongMoney(connection: Connection, ran: Ran): Promise<string | null> {
  const unequal = await countOf(connection, unequalSums(ran));
  if (unequal > 0) return `${unequal} orders have amounts that do not add up`;
  const unruled = await countOf(connection, wrongRules(ran));
  return unruled === 0
    ? null
    : `${unruled} orders have another discount, shipping or tax than the rules give`;
}

function unequalSums({ from }: Ran): string {
  return `SELECT COUNT(*) AS n FROM orders o LEFT JOIN (SELECT i.order_key, SUM(i.line_total) AS total,
       SUM(i.discount) AS discount, SUM(i.line_total <> i.unit_price * i.quantity OR i.unit_price <> p.unit_price) AS wrong
       FROM order_items i JOIN products p ON p.sku = i.sku WHERE ${keysFrom(from, 'i.order_key')} GROUP BY i.order_key) l
     ON l.order_key = o.order_key
     WHERE ${keysFrom(from, 'o.order_key')} AND (l.order_key IS NULL OR l.wrong > 0 OR o.subtotal <> l.total
       OR o.discount <> l.discount OR o.total <> o.subtotal - o.discount + o.shipping + o.tax)`;
}

const country = "JSON_VALUE(o.shipping_address, '$.country')";
const region = "JSON_VALUE(o.shipping_address, '$.region')";
const isInclusive = `${country} IN ('DE', 'AT')`;
/** In millionths, by the country of the order and the category of the product. */
const rateOf = (category: string) =>
  `CASE ${country} WHEN 'DE' THEN IF(${category} = 'books', 70000, 190000) WHEN 'AT' THEN 200000
     ELSE IF(${region} = 'CA', 72500, 88750) END`;
/** Half up, in whole numbers. */
const rounded = (dividend: string, divisor: string) => `(2 * ${dividend} + ${divisor}) DIV (2 * ${divisor})`;

const discount = `CASE c.kind WHEN 'PERCENT' THEN ${rounded('o.subtotal * c.value', '10000')}
  WHEN 'AMOUNT' THEN LEAST(c.value, o.subtotal) ELSE 0 END`;
const shipping = `CASE WHEN c.kind = 'FREE_SHIPPING' THEN 0 WHEN ${country} <> 'DE' THEN 1990
  WHEN w.weight > 10000 THEN 1690 WHEN o.subtotal >= 50000 THEN 0 WHEN w.weight > 2000 THEN 890 ELSE 490 END`;

/** Counts accepted orders whose discount, shipping or tax is not what the rules give. */
function wrongRules({ from, pricing }: Ran): string {
  const accepted = `${keysFrom(from, 'o.order_key')} AND o.status <> 'REJECTED'`;
  const hasRates = pricing === 'rules';
  return `SELECT COUNT(*) AS n FROM orders o LEFT JOIN coupons c ON c.code = o.coupon_code
     JOIN (SELECT i.order_key, SUM(p.weight_grams * i.quantity) AS weight FROM order_items i
       JOIN products p ON p.sku = i.sku WHERE ${keysFrom(from, 'i.order_key')} GROUP BY i.order_key) w
       ON w.order_key = o.order_key
     LEFT JOIN (${hasRates ? taxes(accepted) : noTaxes}) t ON t.order_key = o.order_key
     WHERE ${accepted} AND (o.discount <> COALESCE(${discount}, 0)
       OR o.shipping <> ${hasRates ? shipping : '0'}
       OR o.tax <> COALESCE(IF(${isInclusive}, 0, t.tax), 0)
       OR o.tax_included <> COALESCE(IF(${isInclusive}, t.tax, 0), 0)
       OR COALESCE(t.wrong, 0) > 0)`;
}

const noTaxes = 'SELECT 0 AS order_key, 0 AS tax, 0 AS wrong';

/** The tax of each order: rounded once for each rate, over lines and shipping. `wrong` counts lines with another rate. */
function taxes(accepted: string): string {
  const parts = `SELECT o.order_key, ${rateOf('p.tax_category')} AS ppm, i.tax_rate_ppm AS stored,
       i.line_total - i.discount AS amount, ${isInclusive} AS inclusive
     FROM orders o JOIN order_items i ON i.order_key = o.order_key JOIN products p ON p.sku = i.sku WHERE ${accepted}
     UNION ALL SELECT o.order_key, ${rateOf("'shipping'")}, o.shipping_tax_rate_ppm, o.shipping, ${isInclusive}
     FROM orders o WHERE ${accepted} AND o.shipping > 0`;
  const rates = `SELECT order_key, ppm, inclusive, SUM(amount) AS amount, SUM(ppm <> stored) AS wrong
     FROM (${parts}) parts GROUP BY order_key, ppm, inclusive`;
  const divisor = '(1000000 + IF(inclusive, ppm, 0))';
  return `SELECT order_key, SUM(${rounded('amount * ppm', divisor)}) AS tax, SUM(wrong) AS wrong
     FROM (${rates}) rates GROUP BY order_key`;
}

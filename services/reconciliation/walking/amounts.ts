/** (i) Compares the amounts within each order. */
import { bytesToUuid } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { LineRow, OrderRow } from './rows.ts';

/** A line without a price makes the sum unknown, not wrong. */
export function compareAmounts(
  { order_id, subtotal, discount, shipping, tax, total }: OrderRow,
  lines: readonly LineRow[],
): Difference | null {
  let sum: number | null = null;
  let wrongLines = 0;
  let unpriced = 0;
  for (const { quantity, unit_price, line_total } of lines) {
    if (line_total === null) unpriced++;
    else sum = (sum ?? 0) + line_total;
    if (line_total !== null && unit_price !== null && line_total !== quantity * unit_price) wrongLines++;
  }
  const agrees =
    subtotal - discount + shipping + tax === total &&
    lines.length > 0 &&
    wrongLines === 0 &&
    (unpriced > 0 || sum === subtotal);
  if (agrees) return null;
  return {
    kind: 'MONEY_DIFFERS',
    subject: bytesToUuid(order_id),
    expected: 'lines = subtotal, subtotal - discount + shipping + tax = total',
    actual: JSON.stringify({ lines: sum, wrongLines, subtotal, discount, shipping, tax, total }),
  };
}

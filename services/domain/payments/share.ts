/**
 * The money of single units. A line is worth its total without its discount and with its tax. All lines and the shipping add
 * up to the total of the order.
 */
import type { LineUnits } from '../../../schemas/generated/types.ts';
import type { DecisionContext, KnownLine, KnownOrder } from '../context.ts';
import { countUnits } from '../orders/units.ts';
import { mulDivFloor } from '../pricing/money.ts';
import { freeOf, type KnownRefund, type RefundReason, settlingPayment } from './payment.ts';
import { requestRefund } from './request-refund.ts';

/** What the next `quantity` units of the line are worth, after those that are paid back already. */
export function shareOf(line: KnownLine, quantity: number): number {
  const payable = (line.lineTotal ?? 0) - line.discount + line.tax;
  const { refunded = 0 } = line;
  const before = mulDivFloor(payable, refunded, line.quantity);
  return mulDivFloor(payable, refunded + quantity, line.quantity) - before;
}

/** What the shipping of the order is worth. */
export function shippingShareOf({ shipping, tax, lines }: KnownOrder): number {
  return shipping + tax - lines.reduce((sum, line) => sum + line.tax, 0);
}

/** What these units of the order are worth together. */
export function shareOfUnits({ lines }: Pick<KnownOrder, 'lines'>, units: readonly LineUnits[]): number {
  return units.reduce((sum, { line, quantity }) => sum + shareOf(lines[line - 1]!, quantity), 0);
}

/**
 * Pays back units that are cancelled or come back now, before the caller counts them as such. Units that were refunded in
 * advance are not paid again. Requests no more than the payment has left. Returns null if nothing is to pay.
 */
export function refundUnits(
  context: DecisionContext,
  commandId: string,
  order: KnownOrder,
  units: readonly LineUnits[],
  reason: Extract<RefundReason, 'CANCELLED' | 'RETURNED'>,
): KnownRefund | null {
  const unpaid = units.flatMap(({ line, quantity }) => {
    const { cancelled = 0, returned = 0, refunded = 0 } = order.lines[line - 1]!;
    const left = Math.max(0, Math.min(quantity, cancelled + returned + quantity - refunded));
    return left === 0 ? [] : [{ line, quantity: left }];
  });
  const share = shareOfUnits(order, unpaid);
  context.goods.setLines(order, countUnits(order.lines, unpaid, 'refunded'));
  const rows = context.money.of(order.orderId);
  const payment = settlingPayment(rows);
  const amount = payment === undefined ? 0 : Math.min(share, freeOf(payment, rows.refunds));
  if (payment === undefined || amount === 0) return null;
  order.refundPending += amount;
  return requestRefund(context, { commandId, payment, amount, reason, lines: unpaid });
}

/**
 * REQUEST_REFUND: an operator pays back an amount, or what units and shipping are worth. It never moves stock: a refunded
 * unit may still be shipped.
 */
import type { LineUnits, OrderEvent, Reason } from '../../../schemas/generated/types.ts';
import type { DecisionContext, KnownLine, KnownOrder, SourceRecord } from '../context.ts';
import { chooseUnits, countUnits, isPartShipped } from '../orders/units.ts';
import { type KnownRefund, refundableOf, settlingPayment } from '../payments/payment.ts';
import { refundRecord } from '../payments/records.ts';
import { requestRefund } from '../payments/request-refund.ts';
import { shareOfUnits, shippingShareOf } from '../payments/share.ts';
import { amountMax } from '../pricing/money.ts';
import * as reasons from '../reasons.ts';
import { linesProblem, textProblem } from './bounds.ts';
import { applyChange, findOrder, refuse } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';
import { orderLinesMax, orderRecordsMax } from './limits.ts';

type RequestCommand = CommandOf<'REQUEST_REFUND'>;

export const requestRefundOf: CommandHandler<RequestCommand> = {
  repeatedBy: 'commandId',
  givesBack: false,
  transitions: {},
  problem,
  addNeeds,
  decide,
};

function problem({ payload: { amount, reason, lines, shipping } }: RequestCommand): string | null {
  if (amount !== null && (lines.length > 0 || shipping))
    return 'amount is given together with lines or shipping';
  if (amount !== null && (amount < 1 || amount > amountMax)) return `amount is not 1-${amountMax}`;
  return textProblem('reason', reason) ?? linesProblem(lines, orderLinesMax);
}

function addNeeds({ orderId, commandId }: RequestCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one request, in any status of the order. */
function decide(context: DecisionContext, record: SourceRecord, command: RequestCommand): OrderEvent {
  const order = findOrder(context, command);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown(null));
  const asked = askedOf(context, order, command.payload);
  if ('refusal' in asked) return refuse(context, record, command, order, asked.refusal);
  const refund = requested(context, command, order, asked);
  const shown = refundRecord(refund);
  return applyChange(context, record, command, order, { what: 'refund_requested', refund: shown });
}

interface Asked {
  readonly amount: number;
  readonly lines: readonly LineUnits[];
  readonly shipping: boolean;
}

/** What is to pay, or why nothing is. Quantities are tested before money. */
function askedOf(
  { money }: DecisionContext,
  order: KnownOrder,
  { amount, lines, shipping }: RequestCommand['payload'],
): Asked | { refusal: Reason } {
  const rows = money.of(order.orderId);
  const before = rows.refunds.filter(({ reason, retryOf }) => reason === 'ON_REQUEST' && retryOf === null);
  if (before.length >= orderRecordsMax)
    return { refusal: reasons.tooMany('requested refunds', orderRecordsMax) };
  if (lines.length > 0) {
    const chosen = chooseUnits(order, lines, unrefundedOf);
    if ('refusal' in chosen) return chosen;
  }
  if (shipping && order.shippingRefunded) return { refusal: reasons.shippingRefunded() };
  const refundable = refundableOf(rows);
  const isByParts = lines.length > 0 || shipping;
  const parts = shareOfUnits(order, lines) + (shipping ? shippingShareOf(order) : 0);
  const sum = isByParts ? parts : (amount ?? refundable);
  if (sum === 0 || sum > refundable) return { refusal: reasons.refundTooLarge(sum, refundable) };
  if (sum === refundable && order.status === 'PAID' && !isPartShipped(order)) {
    return { refusal: reasons.cancelInstead() };
  }
  return { amount: sum, lines, shipping };
}

function unrefundedOf({ quantity, refunded = 0 }: KnownLine): number {
  return quantity - refunded;
}

function requested(
  context: DecisionContext,
  { commandId }: RequestCommand,
  order: KnownOrder,
  { amount, lines, shipping }: Asked,
): KnownRefund {
  if (lines.length > 0) context.goods.setLines(order, countUnits(order.lines, lines, 'refunded'));
  if (shipping) order.shippingRefunded = true;
  order.refundPending += amount;
  // The amount is above 0, so there is such a payment.
  const payment = settlingPayment(context.money.of(order.orderId))!;
  return requestRefund(context, { commandId, payment, amount, reason: 'ON_REQUEST', lines, shipping });
}

/**
 * CANCEL: ends an order that is not shipped. It returns the stock, and refunds the payment. An operator can also cancel the
 * rest of an order that is shipped in part.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, KnownOrder, SourceRecord } from '../context.ts';
import { awayOf, countUnits, isPartShipped, unshippedOf } from '../orders/units.ts';
import { freeOf, type KnownRefund, settlingPayment } from '../payments/payment.ts';
import { refundRecord } from '../payments/records.ts';
import { requestRefund } from '../payments/request-refund.ts';
import { refundUnits } from '../payments/share.ts';
import * as reasons from '../reasons.ts';
import { linesProblem, textProblem } from './bounds.ts';
import { applyChange, findOrder, refuse, release } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf, Transitions } from './handler.ts';
import { orderLinesMax } from './limits.ts';

type CancelCommand = CommandOf<'CANCEL'>;

const transitions: Transitions = { PENDING_PAYMENT: 'CANCELLED', PAID: 'CANCELLED' };

export const cancel: CommandHandler<CancelCommand> = {
  repeatedBy: 'commandId',
  transitions,
  givesBack: true,
  problem: ({ payload }) =>
    textProblem('reason', payload.reason) ?? linesProblem(payload.lines, orderLinesMax),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId, actor }: CancelCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  // A customer never cancels the rest of an order.
  if (actor !== 'customer') needs.goodsOf.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one cancel. An unknown order and another customer's order get the same refusal. */
function decide(context: DecisionContext, record: SourceRecord, command: CancelCommand): OrderEvent {
  const order = findOrder(context, command);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('CANCELLED'));
  const { expectedVersion, lines } = command.payload;
  if (expectedVersion !== null && expectedVersion !== order.version) {
    return refuse(context, record, command, order, reasons.versionMismatch(expectedVersion, order.version));
  }
  const status = transitions[order.status];
  if (status === undefined) {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'CANCELLED'));
  }
  const isRest = isPartShipped(order);
  if (isRest && command.actor === 'customer') {
    return refuse(context, record, command, order, reasons.partlyShipped());
  }
  if (lines.length > 0) return refuse(context, record, command, order, reasons.linesUnsupported());
  if (isRest) return cancelRest(context, record, command, order);
  const refund = order.status === 'PAID' ? refundRest(context, command, order) : null;
  release(context, order);
  const shown = refund === null ? null : refundRecord(refund);
  return applyChange(context, record, command, order, { status, refund: shown });
}

/** Requests a refund of the rest of the payment. Null if nothing is left, or if the order cost nothing. */
function refundRest(
  context: DecisionContext,
  { commandId }: CancelCommand,
  order: KnownOrder,
): KnownRefund | null {
  const rows = context.money.of(order.orderId);
  const payment = settlingPayment(rows);
  if (payment === undefined) return null;
  const amount = freeOf(payment, rows.refunds);
  if (amount === 0) return null;
  order.refundPending += amount;
  return requestRefund(context, { commandId, payment, amount, reason: 'CANCELLED' });
}

/** Cancels all units that are not shipped. What was shipped decides the status of the order. */
function cancelRest(
  context: DecisionContext,
  record: SourceRecord,
  command: CancelCommand,
  order: KnownOrder,
): OrderEvent {
  const lines = order.lines.flatMap((line, index) => {
    const quantity = unshippedOf(line);
    return quantity === 0 ? [] : [{ line: index + 1, quantity }];
  });
  const refund = refundUnits(context, command.commandId, order, lines, 'CANCELLED');
  for (const { line, quantity } of lines) context.stock.giveBack(order.lines[line - 1]!.sku, quantity);
  context.goods.setLines(order, countUnits(order.lines, lines, 'cancelled'));
  const status = statusOfShipped(order);
  if (status === 'DELIVERED') order.closeAtMs = command.issuedAt + context.settings.returnWindowMs;
  const shown = refund === null ? null : refundRecord(refund);
  const change = { status, refund: shown, cancelled: { lines } };
  return applyChange(context, record, command, order, { ...change, what: 'partially_cancelled' });
}

function statusOfShipped({ lines, shipments }: KnownOrder): 'RETURNED' | 'DELIVERED' | 'SHIPPED' {
  if (lines.every((line) => awayOf(line) === 0)) return 'RETURNED';
  return shipments.every(({ isDelivered }) => isDelivered) ? 'DELIVERED' : 'SHIPPED';
}

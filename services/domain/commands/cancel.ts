/** CANCEL: ends an order that is not shipped. It returns the stock, and refunds the payment. */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, KnownOrder, SourceRecord } from '../context.ts';
import { freeOf, type KnownRefund, settlingPayment } from '../payments/payment.ts';
import { refundRecord } from '../payments/records.ts';
import { requestRefund } from '../payments/request-refund.ts';
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

function addNeeds({ orderId, commandId }: CancelCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
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
  if (order.lines.some(({ shipped = 0 }) => shipped > 0)) {
    return refuse(context, record, command, order, reasons.partlyShipped());
  }
  if (lines.length > 0) return refuse(context, record, command, order, reasons.linesUnsupported());
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

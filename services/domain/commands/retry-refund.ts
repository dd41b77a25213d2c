/** RETRY_REFUND: requests a failed refund again, as a new refund. The failed one stays failed. */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { DecisionContext, SourceRecord } from '../context.ts';
import { freeOf } from '../payments/payment.ts';
import { refundRecord } from '../payments/records.ts';
import { requestRefund } from '../payments/request-refund.ts';
import * as reasons from '../reasons.ts';
import { refundIdProblem } from './bounds.ts';
import { applyChange, findOrder, refuse } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';

type RetryCommand = CommandOf<'RETRY_REFUND'>;

export const retryRefund: CommandHandler<RetryCommand> = {
  repeatedBy: 'commandId',
  transitions: {},
  givesBack: false,
  problem: ({ payload }) => refundIdProblem(payload.refundId),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId, payload }: RetryCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  needs.refundIds.push(payload.refundId);
  needs.commands.push({ orderId, commandId });
}

/** Decides one retry. The refund of a payment without an order is requested too, but no order changes. */
function decide(context: DecisionContext, record: SourceRecord, command: RetryCommand): OrderEvent {
  const order = findOrder(context, command) ?? null;
  const rows = context.money.of(command.orderId!);
  const failed = rows.refunds.find(({ refundId }) => refundId === command.payload.refundId);
  const payment = rows.payments.find(({ paymentId }) => paymentId === failed?.paymentId);
  if (failed === undefined || payment === undefined || (order === null && command.actor === 'customer')) {
    return refuse(context, record, command, order, reasons.refundUnknown());
  }
  if (failed.status !== 'FAILED' || failed.retried) {
    return refuse(context, record, command, order, reasons.refundNotFailed(failed.status, failed.retried));
  }
  const { amount, reason, currency } = failed;
  const free = freeOf(payment, rows.refunds);
  if (amount > free) return refuse(context, record, command, order, reasons.refundTooLarge(amount, free));

  const { commandId } = command;
  const refund = requestRefund(context, { commandId, payment, amount, reason, repeats: failed });
  context.money.changeRefund(failed, { retried: true });
  if (order === null || payment.disposition === 'UNMATCHED') {
    const event = refuse(context, record, command, order, reasons.paymentUnmatched());
    return { ...event, refund: refundRecord(refund) };
  }
  if (currency === order.currency) order.refundPending += amount;
  return applyChange(context, record, command, order, {
    what: 'refund_requested',
    refund: refundRecord(refund),
  });
}

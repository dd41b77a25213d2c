/** EXPIRE: ends an order that nobody paid in time. It returns the stock. */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type SourceRecord } from '../context.ts';
import * as reasons from '../reasons.ts';
import { applyChange, refuse, release } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';

type ExpireCommand = CommandOf<'EXPIRE'>;

export const expire: CommandHandler<ExpireCommand> = {
  repeatedBy: 'commandId',
  transitions: { PENDING_PAYMENT: 'EXPIRED' },
  givesBack: true,
  problem: () => null,
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: ExpireCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one expiry by the times of the order and of the command, and by no clock. */
function decide(context: DecisionContext, record: SourceRecord, command: ExpireCommand): OrderEvent {
  const order = currentOrder(context, command.orderId!);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('EXPIRED'));
  if (order.status !== 'PENDING_PAYMENT') {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'EXPIRED'));
  }
  const { dueAt } = command.payload;
  if (dueAt !== order.paymentDueAtMs || command.issuedAt < dueAt) {
    return refuse(context, record, command, order, reasons.notDue(order.paymentDueAtMs));
  }
  release(context, order);
  return applyChange(context, record, command, order, { status: 'EXPIRED' });
}

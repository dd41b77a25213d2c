/** CLOSE: the return window of a delivered order has ended. */
import type { OrderEvent } from '../../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type SourceRecord } from '../../context.ts';
import * as reasons from '../../reasons.ts';
import { applyChange, refuse } from '../change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from '../handler.ts';

type CloseCommand = CommandOf<'CLOSE'>;

export const close: CommandHandler<CloseCommand> = {
  repeatedBy: 'commandId',
  givesBack: false,
  transitions: { DELIVERED: 'CLOSED' },
  problem: () => null,
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: CloseCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one close by the times of the order and of the command, and by no clock. */
function decide(context: DecisionContext, record: SourceRecord, command: CloseCommand): OrderEvent {
  const order = currentOrder(context, command.orderId!);
  if (order === undefined) return refuse(context, record, command, null, reasons.orderUnknown('CLOSED'));
  if (order.status !== 'DELIVERED') {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'CLOSED'));
  }
  const { closeAtMs } = order;
  if (closeAtMs === null || command.issuedAt < closeAtMs) {
    return refuse(context, record, command, order, reasons.notDue(closeAtMs));
  }
  return applyChange(context, record, command, order, { status: 'CLOSED' });
}

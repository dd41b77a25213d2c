/** CANCEL: moves an order from PENDING_PAYMENT to CANCELLED and returns its stock. */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type SourceRecord } from '../context.ts';
import { changed, refused } from '../events.ts';
import * as reasons from '../reasons.ts';
import type { CommandHandler, CommandNeeds, CommandOf, Transitions } from './handler.ts';

type CancelCommand = CommandOf<'CANCEL'>;

const transitions: Transitions = { PENDING_PAYMENT: 'CANCELLED' };

export const cancel: CommandHandler<CancelCommand> = {
  repeatedBy: 'commandId',
  transitions,
  problem: () => null,
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: CancelCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.commands.push({ orderId: orderId!, commandId });
}

/** Decides one CANCEL command. It gets the same refusal if the order is unknown or belongs to another customer. */
function decide(context: DecisionContext, record: SourceRecord, command: CancelCommand): OrderEvent {
  const { nowMs } = context.settings;
  const order = currentOrder(context, command.orderId!);
  if (order === undefined || (command.actor === 'customer' && order.customerId !== command.customerId)) {
    return refused(record, command, null, reasons.orderUnknown('CANCELLED'), nowMs);
  }
  const { expectedVersion } = command.payload;
  if (expectedVersion !== null && expectedVersion !== order.version) {
    return refused(record, command, order, reasons.versionMismatch(expectedVersion, order.version), nowMs);
  }
  const status = transitions[order.status];
  if (status === undefined) {
    return refused(record, command, order, reasons.illegalChange(order.status, 'CANCELLED'), nowMs);
  }
  for (const line of order.lines) context.stock.giveBack(line.sku, line.quantity);
  if (order.redemption !== null) context.coupons.giveBack(order.redemption, order.customerId);
  const previousStatus = order.status;
  context.changes.push({ record, command, orderId: order.orderId, fromVersion: order.version, status });
  order.status = status;
  order.version += 1;
  return changed(record, command, order, previousStatus, nowMs);
}

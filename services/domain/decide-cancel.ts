/** CANCEL: takes an order out of PENDING_PAYMENT and gives its stock back. */
import type { OrderCommand, OrderEvent } from '../../schemas/generated/types.ts';
import { changed, refused } from './events.ts';
import { type Fold, orderInFold, type SourceRecord } from './fold.ts';
import { statusAfter } from './order-status.ts';
import * as reasons from './reasons.ts';

type CancelCommand = Extract<OrderCommand, { type: 'CANCEL' }>;

/** Decides one cancel. An unknown order, and one of another customer, are refused in the same words. */
export function decideCancel(fold: Fold, record: SourceRecord, command: CancelCommand): OrderEvent {
  const { nowMs } = fold.settings;
  const order = orderInFold(fold, command.orderId!);
  if (order === undefined || (command.actor === 'customer' && order.customerId !== command.customerId)) {
    return refused(record, command, null, reasons.orderUnknown('CANCELLED'), nowMs);
  }
  const { expectedVersion } = command.payload;
  if (expectedVersion !== null && expectedVersion !== order.version) {
    return refused(record, command, order, reasons.versionMismatch(expectedVersion, order.version), nowMs);
  }
  const status = statusAfter(order.status, command.type);
  if (status === null) {
    return refused(record, command, order, reasons.illegalChange(order.status, 'CANCELLED'), nowMs);
  }
  for (const line of order.lines) fold.stock.giveBack(line.sku, line.quantity);
  const previousStatus = order.status;
  fold.changes.push({ record, command, orderId: order.orderId, fromVersion: order.version, status });
  order.status = status;
  order.version += 1;
  return changed(record, command, order, previousStatus, nowMs);
}

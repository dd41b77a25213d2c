/** What the handlers of commands that change an order share. */
import type { OrderCommand, OrderEvent, Reason } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type KnownOrder, type SourceRecord } from '../context.ts';
import { changed, refused } from '../events.ts';
import type { OrderStatus } from '../orders/status.ts';

/** The order of the command. A customer does not find the order of another customer. */
export function findOrder(context: DecisionContext, command: OrderCommand): KnownOrder | undefined {
  const order = currentOrder(context, command.orderId!);
  const isForeign = command.actor === 'customer' && order?.customerId !== command.customerId;
  return isForeign ? undefined : order;
}

/** Refuses the command. `order` is null if the sender may not see it or it does not exist. */
export function refuse(
  context: DecisionContext,
  record: SourceRecord,
  command: OrderCommand,
  order: KnownOrder | null,
  reason: Reason,
): OrderEvent {
  return refused(record, command, order, reason, context.settings.nowMs);
}

/** Changes that keep the status of an order. Each is the end of an event type, such as `order.payment_kept`. */
export const changesOfMoney = [
  'payment_attempt_failed',
  'payment_kept',
  'refund_requested',
  'refunded',
  'refund_failed',
] as const;

/** Changes of some units of an order. Each is the end of an event type, such as `order.partially_shipped`. */
export const changesOfUnits = [
  'partially_shipped',
  'partially_delivered',
  'partially_returned',
  'partially_cancelled',
] as const;

interface Change {
  /** The status after the command; without it the status stays. */
  readonly status?: OrderStatus;
  /** The change, for the type of the event; without it the type is the status. */
  readonly what?: (typeof changesOfMoney)[number] | (typeof changesOfUnits)[number];
  readonly payment?: OrderEvent['payment'];
  readonly refund?: OrderEvent['refund'];
  readonly shipment?: OrderEvent['shipment'];
  readonly returned?: OrderEvent['return'];
  readonly cancelled?: OrderEvent['cancelled'];
}

/**
 * Applies a command to the order: raises the version, and records the change. The caller has changed the money before.
 * Returns the event.
 */
export function applyChange(
  context: DecisionContext,
  record: SourceRecord,
  command: OrderCommand,
  order: KnownOrder,
  change: Change,
): OrderEvent {
  const previousStatus = order.status;
  const { orderId, version: fromVersion } = order;
  order.status = change.status ?? previousStatus;
  order.version += 1;
  if (previousStatus === 'PENDING_PAYMENT' && order.status !== previousStatus) {
    context.unpaid.giveBack(order.customerId, order.unpaidUnits);
  }
  context.changes.push({ record, command, orderId, fromVersion, status: order.status });
  if (!context.firstVersions.has(orderId)) context.firstVersions.set(orderId, fromVersion);
  return {
    ...changed(record, command, order, previousStatus, context.settings.nowMs),
    ...(change.what === undefined ? {} : { type: `order.${change.what}` }),
    payment: change.payment ?? null,
    refund: change.refund ?? null,
    shipment: change.shipment ?? null,
    return: change.returned ?? null,
    cancelled: change.cancelled ?? null,
  };
}

/** Gives back the units and the coupon of an order that will not be paid or shipped. */
export function release(context: DecisionContext, order: KnownOrder): void {
  if (order.redemption !== null) context.coupons.giveBack(order.redemption, order.customerId);
  for (const line of order.lines) context.stock.giveBack(line.sku, line.quantity - (line.cancelled ?? 0));
}

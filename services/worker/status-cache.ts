/**
 * Writes the state of decided orders to Redis once their outcomes are published, so that most reads never reach
 * MySQL. A write that is lost costs a reader one read of MySQL, never the truth: versions only go up in there.
 */
import { type Decision, type NewOrder, type OrderView, orderResource } from '../domain/index.ts';
import { createOrderStatuses, type OrderStatusEntry, type Redis } from '../shared/redis/index.ts';

export interface StatusCache {
  /** The states of all orders of a decision; none while Redis is away, so that nothing is laid out in vain. */
  entriesOf(decision: Decision, nowMs: number): OrderStatusEntry[];
  /** Writes them in one round trip. Does not wait and never fails. */
  write(entries: readonly OrderStatusEntry[]): void;
}

export function createStatusCache({ redis }: { redis: Redis }): StatusCache {
  const statuses = createOrderStatuses({ redis });
  return {
    entriesOf: (decision, nowMs) => (redis.status() === 'ready' ? entriesOf(decision, nowMs) : []),
    write: (entries) => void statuses.write(entries),
  };
}

/** The newest state of each order. */
function entriesOf({ newOrders, changes }: Decision, nowMs: number): OrderStatusEntry[] {
  const entries = new Map<string, OrderStatusEntry>();
  for (const order of newOrders) {
    const orderId = order.command.orderId!;
    const body = JSON.stringify(orderResource(viewOf(order, nowMs)));
    entries.set(orderId, { orderId, version: 1, body });
  }
  for (const { orderId, fromVersion } of changes) {
    entries.set(orderId, { orderId, version: fromVersion + 1, body: '' });
  }
  return [...entries.values()];
}

function viewOf(order: NewOrder, nowMs: number): OrderView {
  const { command, priced, status, reason, paymentDueAtMs } = order;
  const { lines, subtotal, discount, shipping, tax, total } = priced;
  return {
    orderId: command.orderId!,
    version: 1,
    status,
    customerId: command.customerId!,
    currency: command.payload.currency,
    lines,
    subtotal,
    discount,
    shipping,
    tax,
    total,
    couponCode: command.payload.couponCode,
    reason,
    paymentDueAtMs,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** Makes the entries for Redis from the orders of a batch or of an outbox row. */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { EVENTS } from '../../../topics/catalogue.ts';
import { type Decision, type NewOrder, noMoney, type OrderView, orderResource } from '../../domain/index.ts';
import { decodeMessages } from '../../orders-db/index.ts';
import type { Codec } from '../../shared/codec/index.ts';
import type { OrderStatusEntry } from '../../shared/redis/index.ts';

/** The newest state of each order of a decision. Omits new orders without `withNewOrders`. */
export function statusesOf(
  { newOrders, changes }: Decision,
  nowMs: number,
  withNewOrders: boolean,
): OrderStatusEntry[] {
  const entries = new Map<string, OrderStatusEntry>();
  for (const order of withNewOrders ? newOrders : []) {
    const orderId = order.command.orderId!;
    const body = JSON.stringify(orderResource(viewOf(order, nowMs)));
    entries.set(orderId, { orderId, version: 1, body });
  }
  for (const { orderId, fromVersion } of changes) {
    entries.set(orderId, { orderId, version: fromVersion + 1, body: '' });
  }
  return [...entries.values()];
}

/** The orders that the messages of an outbox row changed. */
export function changesIn(blob: Buffer, codec: Pick<Codec<OrderEvent>, 'decode'>): OrderStatusEntry[] {
  const entries: OrderStatusEntry[] = [];
  for (const { topic, value } of decodeMessages(blob)) {
    const event = topic === EVENTS ? tryDecode(codec, value) : null;
    if (event?.outcome === 'APPLIED' && event.orderId !== null)
      entries.push({ orderId: event.orderId, version: event.version, body: '' });
  }
  return entries;
}

/** The event, or null if a newer build encoded it. Then the older state in Redis expires. */
function tryDecode(codec: Pick<Codec<OrderEvent>, 'decode'>, value: Buffer | null): OrderEvent | null {
  try {
    return codec.decode(value);
  } catch {
    return null;
  }
}

function viewOf(order: NewOrder, nowMs: number): OrderView {
  const { command, priced, status, reason, paymentDueAtMs } = order;
  const { lines, subtotal, discount, shipping, tax, taxIncluded, total } = priced;
  return {
    orderId: command.orderId!,
    version: 1,
    status,
    customerId: command.customerId!,
    currency: command.payload.currency,
    lines,
    money: noMoney,
    subtotal,
    discount,
    shipping,
    tax,
    taxIncluded,
    total,
    couponCode: command.payload.couponCode,
    reason,
    paymentDueAtMs,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

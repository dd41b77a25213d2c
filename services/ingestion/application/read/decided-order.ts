/** Makes an order from the event that created it, for clients that wait for that event. It reads no store. */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { noMoney, type OrderResource, type OrderStatus, orderResource } from '../../../domain/index.ts';

/**
 * The order at its first version. Null unless the event accepts an order, because only such an event has lines and
 * amounts. The result equals the stored order, because the worker uses one time for row and event of a decision.
 */
export function orderOfEvent(event: OrderEvent): OrderResource | null {
  const { outcome, order, orderId, customerId, status, occurredAt } = event;
  if (outcome !== 'ACCEPTED' || order === null || orderId === null || customerId === null) return null;
  const { paymentDueAt: paymentDueAtMs, priceVersion: _priceVersion, ...told } = order;
  return orderResource({
    ...told,
    money: event.money ?? noMoney,
    orderId,
    customerId,
    version: event.version,
    status: status as OrderStatus,
    reason: null,
    paymentDueAtMs,
    createdAtMs: occurredAt,
    updatedAtMs: occurredAt,
  });
}

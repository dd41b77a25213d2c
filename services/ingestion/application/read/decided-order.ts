/** An order from the event that made it, for clients that wait for that event: no store is read. */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { type OrderResource, type OrderStatus, orderResource } from '../../../domain/index.ts';

/**
 * The order at its first version, or null if the event is incomplete: only an accepting one has lines and
 * amounts. It equals the stored order, because the worker uses one clock for row and event of a decision.
 */
export function orderOfEvent(event: OrderEvent): OrderResource | null {
  const { outcome, order, orderId, customerId, status, occurredAt } = event;
  if (outcome !== 'ACCEPTED' || order === null || orderId === null || customerId === null) return null;
  const { paymentDueAt: paymentDueAtMs, priceVersion: _priceVersion, ...told } = order;
  return orderResource({
    ...told,
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

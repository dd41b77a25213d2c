import { randomUUID } from 'node:crypto';
import type { OrderEvent } from '../../../schemas/generated/types.ts';

/** An event that fits the schema: as a record of another subject on the command topic. */
export function exampleEvent(): OrderEvent {
  return {
    eventId: '0-0',
    type: 'order.accepted',
    outcome: 'ACCEPTED',
    orderId: randomUUID(),
    customerId: 'customer-1',
    version: 1,
    status: 'PENDING_PAYMENT',
    previousStatus: null,
    occurredAt: 0,
    commandId: null,
    commandType: null,
    actor: null,
    sourcePartition: 0,
    sourceOffset: 0,
    prevSourceOffset: -1,
    reason: null,
    traceparent: null,
    order: null,
    payment: null,
    shipment: null,
    stock: null,
  };
}

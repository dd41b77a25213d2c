import { randomUUID } from 'node:crypto';
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { blankEvent } from '../../../services/shared/codec/testing/values.ts';

/** An event that fits its schema. On the command topic it is a record of another subject. */
export function exampleEvent(): OrderEvent {
  return blankEvent({
    eventId: '0-0',
    orderId: randomUUID(),
    customerId: 'customer-1',
    status: 'PENDING_PAYMENT',
    sourcePartition: 0,
    sourceOffset: 0,
    prevSourceOffset: -1,
  });
}

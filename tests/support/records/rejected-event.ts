import { randomUUID } from 'node:crypto';
import type { OrderEvent } from '../../../schemas/index.ts';
import { blankEvent } from '../../../services/shared/codec/testing/values.ts';

/** The outcome of a rejected order. Each call makes another order. */
export function rejectedEvent(
  sourcePartition: number,
  sourceOffset: number,
  prevSourceOffset: number,
): OrderEvent {
  return blankEvent({
    eventId: `${sourcePartition}-${sourceOffset}`,
    type: 'order.rejected',
    outcome: 'REJECTED',
    orderId: randomUUID(),
    customerId: 'c1',
    status: 'REJECTED',
    occurredAt: 1_700_000_000_000,
    commandType: 'PLACE',
    actor: 'customer',
    sourcePartition,
    sourceOffset,
    prevSourceOffset,
  });
}

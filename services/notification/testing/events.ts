/** Outcomes for tests: plausible, and short to write. */
import { lineDefaults, type OrderEvent, orderDefaults } from '../../../schemas/index.ts';
import { blankEvent } from '../../shared/codec/testing/values.ts';

/** The n-th order id of a test. Each of them is in partition n modulo 12. */
export function orderIdOf(n: number): string {
  return `${n.toString(16).padStart(8, '0')}-0000-8000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** An accepted order at a source offset, with the given differences. */
export function eventOf(
  partition: number,
  sourceOffset: number,
  different: Partial<OrderEvent> = {},
): OrderEvent {
  return blankEvent({
    eventId: `${partition}-${sourceOffset}`,
    orderId: orderIdOf(partition + 12 * sourceOffset),
    customerId: 'c1',
    status: 'PENDING_PAYMENT',
    occurredAt: 1_700_000_000_000,
    commandId: `place:${partition}-${sourceOffset}`,
    commandType: 'PLACE',
    actor: 'customer',
    sourcePartition: partition,
    sourceOffset,
    prevSourceOffset: sourceOffset - 1,
    order: {
      currency: 'EUR',
      lines: [{ sku: 'S-1', name: 'A thing', quantity: 2, unitPrice: 500, lineTotal: 1000, ...lineDefaults }],
      subtotal: 1000,
      discount: 0,
      shipping: 0,
      tax: 190,
      total: 1190,
      couponCode: null,
      priceVersion: 1,
      paymentDueAt: 1_700_000_900_000,
      ...orderDefaults,
    },
    ...different,
  });
}

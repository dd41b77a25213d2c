/**
 * Encodes the event that the usual design puts into its outbox. Record and encoding are the same as in the
 * product.
 */
import { eventDefaults, lineDefaults, type OrderEvent, orderDefaults } from '../../schemas/index.ts';
import type { Codec } from '../../services/shared/codec/index.ts';
import type { PricedCommand } from './order-values.ts';

/** The encoded outcome of a PLACE command that was accepted, or rejected with this reason. */
export function outcomeBytes(
  codec: Codec<OrderEvent>,
  order: PricedCommand,
  at: { partition: number; offset: number; nowMs: number },
  reason: OrderEvent['reason'],
): Buffer {
  const { command, subtotal, priceVersion, unitPrices } = order;
  const { currency, couponCode, lines } = command.payload;
  return codec.encode({
    eventId: `${at.partition}-${at.offset}`,
    type: reason === null ? 'order.accepted' : 'order.rejected',
    outcome: reason === null ? 'ACCEPTED' : 'REJECTED',
    orderId: command.orderId,
    customerId: command.customerId,
    version: 1,
    status: reason === null ? 'PENDING_PAYMENT' : 'REJECTED',
    previousStatus: null,
    occurredAt: at.nowMs,
    commandId: command.commandId,
    commandType: command.type,
    actor: command.actor,
    sourcePartition: at.partition,
    sourceOffset: at.offset,
    prevSourceOffset: at.offset - 1,
    reason,
    traceparent: null,
    order:
      reason !== null
        ? null
        : {
            currency,
            lines: lines.map(({ sku, quantity }, index) => ({
              sku,
              name: null,
              quantity,
              unitPrice: unitPrices[index]!,
              lineTotal: unitPrices[index]! * quantity,
              ...lineDefaults,
            })),
            subtotal,
            discount: 0,
            shipping: 0,
            tax: 0,
            total: subtotal,
            couponCode,
            priceVersion,
            paymentDueAt: at.nowMs,
            ...orderDefaults,
          },
    payment: null,
    shipment: null,
    stock: null,
    ...eventDefaults,
  });
}

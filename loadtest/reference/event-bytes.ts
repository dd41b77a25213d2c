/**
 * Encodes the event that the usual design puts into its outbox. Record and encoding are the same as in the
 * product.
 */
import { eventDefaults, type OrderEvent, orderDefaults } from '../../schemas/index.ts';
import type { Codec } from '../../services/shared/codec/index.ts';
import { type PricedCommand, stateOf } from './order-values.ts';

/** The encoded outcome of a PLACE command that was accepted, or rejected with this reason. */
export function outcomeBytes(
  codec: Codec<OrderEvent>,
  order: PricedCommand,
  at: { partition: number; offset: number; nowMs: number },
  reason: OrderEvent['reason'],
): Buffer {
  const { command } = order;
  const isRejected = reason !== null;
  const { status } = stateOf(order, isRejected, at.nowMs);
  return codec.encode({
    eventId: `${at.partition}-${at.offset}`,
    type: isRejected ? 'order.rejected' : 'order.accepted',
    outcome: isRejected ? 'REJECTED' : 'ACCEPTED',
    orderId: command.orderId,
    customerId: command.customerId,
    version: 1,
    status,
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
    payment: null,
    shipment: null,
    stock: null,
    ...eventDefaults,
    ...(isRejected ? { order: null } : acceptedParts(order, at.nowMs)),
  });
}

function acceptedParts(order: PricedCommand, nowMs: number): Pick<OrderEvent, 'order' | 'money' | 'units'> {
  const { command, priced, priceVersion, rules } = order;
  const { currency, couponCode, lines } = command.payload;
  return {
    order: {
      currency,
      lines: priced.lines.map((line) => ({
        sku: line.sku,
        name: null,
        quantity: line.quantity,
        unitPrice: line.unitPrice!,
        lineTotal: line.lineTotal!,
        discount: line.discount,
        tax: line.tax,
        taxIncluded: line.taxIncluded,
        taxRatePpm: line.taxRatePpm,
      })),
      subtotal: priced.subtotal,
      discount: priced.discount,
      shipping: priced.shipping,
      tax: priced.tax,
      total: priced.total,
      couponCode,
      priceVersion,
      paymentDueAt: stateOf(order, false, nowMs).paymentDueAtMs,
      ...orderDefaults,
      taxIncluded: priced.taxIncluded,
      shippingTaxRatePpm: priced.shippingTaxRatePpm,
      rulesVersion: rules.version,
      flags: rules.flagsText,
    },
    money: { received: 0, refundPending: 0, refunded: 0, disputed: 0 },
    units: {
      ordered: lines.reduce((sum, { quantity }) => sum + quantity, 0),
      cancelled: 0,
      shipped: 0,
      returned: 0,
      restocked: 0,
    },
  };
}

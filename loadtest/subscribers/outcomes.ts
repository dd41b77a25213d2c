/** Creates outcomes of accepted orders with one to five lines, in the form that a worker writes. */
import {
  eventDefaults,
  lineDefaults,
  type OrderEvent,
  type OrderState,
  orderDefaults,
} from '../../schemas/index.ts';
import { createOrderStream, currency, issuedAtMs, unitPriceOf } from '../store/order-stream.ts';

const seed = 20_260_102;
const stream = createOrderStream({ seed, shape: 'uniform' });
const paymentMs = 900_000;
const skuDigits = /\d+$/;

/** The outcome of the command at an offset. Every offset has an outcome. */
export function acceptedAt(partition: number, sourceOffset: number): OrderEvent {
  const command = stream.command(partition, sourceOffset);
  const lines = command.payload.lines.map(({ sku, quantity }) => {
    const unitPrice = unitPriceOf(Number(skuDigits.exec(sku)?.[0]));
    const lineTotal = quantity * unitPrice;
    return { sku, name: `Article ${sku}`, quantity, unitPrice, lineTotal, ...lineDefaults };
  });
  const subtotal = lines.reduce((sum, { lineTotal }) => sum + lineTotal, 0);
  const tax = Math.round(subtotal * 0.19);
  return {
    eventId: `${partition}-${sourceOffset}`,
    type: 'order.accepted',
    outcome: 'ACCEPTED',
    orderId: command.orderId,
    customerId: command.customerId,
    version: 1,
    status: 'PENDING_PAYMENT',
    previousStatus: null,
    occurredAt: issuedAtMs + sourceOffset,
    commandId: command.commandId,
    commandType: 'PLACE',
    actor: 'customer',
    sourcePartition: partition,
    sourceOffset,
    prevSourceOffset: sourceOffset - 1,
    reason: null,
    traceparent: null,
    order: {
      currency,
      lines,
      subtotal,
      discount: 0,
      shipping: 0,
      tax,
      total: subtotal + tax,
      couponCode: null,
      priceVersion: 1,
      paymentDueAt: issuedAtMs + sourceOffset + paymentMs,
      ...orderDefaults,
    },
    payment: null,
    shipment: null,
    stock: null,
    ...eventDefaults,
  };
}

/** The state of an order after an outcome. */
export function stateAfter(event: OrderEvent): OrderState {
  const lines = (event.order?.lines ?? []).map(({ name: _name, ...line }) => line);
  return {
    orderId: event.orderId,
    customerId: event.customerId,
    version: event.version,
    status: event.status,
    createdAt: event.occurredAt,
    updatedAt: event.occurredAt,
    sourcePartition: event.sourcePartition,
    sourceOffset: event.sourceOffset,
    coversFrom: null,
    eventsOffset: null,
    reason: null,
    terms: event.order === null ? null : { ...event.order, lines },
    money: null,
    units: null,
  };
}

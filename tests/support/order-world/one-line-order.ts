/** The order of the small world: one line, no tax, no shipping. */
import {
  lineDefaults,
  type OrderSnapshot,
  orderDefaults,
  type PlaceOrder,
  placeDefaults,
} from '../../../schemas/index.ts';

export function placePayload(sku: string, quantity: number): PlaceOrder {
  return {
    currency: 'EUR',
    lines: [{ sku, quantity, expectedUnitPrice: null }],
    couponCode: null,
    shippingAddress: null,
    contactEmail: null,
    metadata: [],
    ...placeDefaults,
  };
}

/** What the outcome of the accepted order says. */
export function acceptedOrder(sku: string, quantity: number, unitPrice: number): OrderSnapshot {
  const total = quantity * unitPrice;
  return {
    currency: 'EUR',
    lines: [{ sku, name: null, quantity, unitPrice, lineTotal: total, ...lineDefaults }],
    subtotal: total,
    discount: 0,
    shipping: 0,
    tax: 0,
    total,
    couponCode: null,
    priceVersion: 1,
    paymentDueAt: null,
    ...orderDefaults,
  };
}

/** Sample orders for tests, as the store and the outcomes have them. */
import { lineDefaults, type OrderEvent, orderDefaults } from '../../../schemas/index.ts';
import { noMoney } from '../../domain/index.ts';
import type { StoredOrder } from '../application/read/order-rows.ts';

/** A stored order at its first version. */
export function newOrder(orderId: string, customerId: string, status: StoredOrder['status']): StoredOrder {
  return {
    orderKey: 1,
    orderId,
    version: 1,
    status,
    customerId,
    currency: 'EUR',
    lines: [{ sku: 'SKU-1', name: 'Product', quantity: 2, unitPrice: 250, lineTotal: 500 }],
    money: noMoney,
    subtotal: 500,
    discount: 0,
    shipping: 0,
    tax: 0,
    taxIncluded: 0,
    total: 500,
    couponCode: null,
    reason: null,
    paymentDueAtMs: null,
    createdAtMs: 1_767_600_000_000,
    updatedAtMs: 1_767_600_000_000,
  };
}

/** The fields of an accepted order's outcome, without its ids. */
export const acceptedEvent = {
  outcome: 'ACCEPTED',
  status: 'PENDING_PAYMENT',
  occurredAt: 1_767_600_000_000,
  order: {
    currency: 'EUR',
    lines: [{ sku: 'SKU-1', name: 'Product', quantity: 2, unitPrice: 250, lineTotal: 500, ...lineDefaults }],
    subtotal: 500,
    discount: 0,
    shipping: 0,
    tax: 0,
    total: 500,
    couponCode: null,
    priceVersion: 7,
    paymentDueAt: 1_767_601_800_000,
    ...orderDefaults,
  },
} satisfies Partial<OrderEvent>;

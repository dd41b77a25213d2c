/** Commands about the goods of an order, as operators send them. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { confirmCommand } from './money-commands.ts';

/** The time at which every command about goods was issued, epoch ms. */
export const goodsIssuedAtMs = 1_700_000_000_000;

function common(orderId: string, commandId: string) {
  return {
    commandId,
    orderId,
    customerId: null,
    actor: 'operator',
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: goodsIssuedAtMs,
    traceparent: null,
    sealed: null,
  };
}

/** A parcel with units of line 1; without a quantity, with all that is left. */
export function shipCommand(orderId: string, quantity: number | null = null, id = 'ship'): OrderCommand {
  return {
    ...common(orderId, id),
    type: 'SHIP',
    payload: {
      carrier: 'Post',
      trackingNumber: `T-${id}`,
      lines: quantity === null ? [] : [{ line: 1, quantity }],
    },
  };
}

/** The delivery of a shipment; without a number, of all that are on their way. */
export function deliverCommand(
  orderId: string,
  shipment: number | null = null,
  id = 'deliver',
): OrderCommand {
  return {
    ...common(orderId, id),
    type: 'DELIVER',
    payload: { deliveredAt: goodsIssuedAtMs, shipment },
  };
}

/** A return of units of line 1; `restock` of them can be sold again. Without a quantity, all shipped units come back. */
export function returnCommand(
  orderId: string,
  quantity: number | null = null,
  restock = quantity ?? 0,
  id = 'return',
): OrderCommand {
  const lines = quantity === null ? [] : [{ line: 1, quantity, restock }];
  return { ...common(orderId, id), type: 'RETURN', payload: { reason: null, lines, refund: true } };
}

/** The end of the return window, if `atMs` is late enough. */
export function closeCommand(orderId: string, atMs: number): OrderCommand {
  return {
    ...common(orderId, `close:${atMs}`),
    actor: 'scheduler',
    issuedAt: atMs,
    type: 'CLOSE',
    payload: {},
  };
}

/** A refund of an amount; or of units of line 1. */
export function refundCommand(
  orderId: string,
  asked: { amount: number } | { quantity: number },
  id = 'refund',
): OrderCommand {
  const amount = 'amount' in asked ? asked.amount : null;
  const lines = 'amount' in asked ? [] : [{ line: 1, quantity: asked.quantity }];
  return {
    ...common(orderId, id),
    type: 'REQUEST_REFUND',
    payload: { amount, reason: null, lines, shipping: false },
  };
}

/** An operator cancels the units of the order that are not shipped. */
export function cancelRestCommand(orderId: string, id = 'cancel-rest'): OrderCommand {
  return {
    ...common(orderId, id),
    type: 'CANCEL',
    payload: { reason: null, expectedVersion: null, lines: [] },
  };
}

export function adjustCommand(sku: string, delta: number, key: string): OrderCommand {
  return {
    ...common('', `stock:${sku}:${key}`),
    orderId: null,
    type: 'ADJUST_STOCK',
    payload: { sku, delta, reason: 'counted', countedTo: null },
  };
}

/**
 * A life of a whole order of 4 units of 250, with every command about goods. It is paid, shipped in two parcels, and delivered
 * in part. 2 units come back, of which 1 is restocked. 1 cent is refunded. Then 5 units of the SKU arrive.
 */
export function goodsLife(orderId: string, sku: string): OrderCommand[] {
  return [
    confirmCommand(orderId, `pay-${orderId}`, 1_000),
    shipCommand(orderId, 1, 'first'),
    deliverCommand(orderId, 1),
    shipCommand(orderId, null, 'second'),
    returnCommand(orderId, 2, 1),
    refundCommand(orderId, { amount: 1 }),
    adjustCommand(sku, 5, 'found'),
  ];
}

/** A validated request as the one command that carries it through the pipeline. Decides nothing about stock or price. */
import type { CancelCommand, PlaceCommand, PlaceOrder } from '../../schemas/index.ts';
import { cancelCommandId, placeCommandId } from './order-id.ts';
import type { CancelRequest, OrderRequest } from './shapes/order-request.ts';

export interface PlaceWish {
  readonly orderId: string;
  readonly customerId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the request's canonical JSON, in base64url. */
  readonly fingerprint: string;
  readonly order: OrderRequest;
  readonly traceparent: string | null;
}

/** The place command of a validated order. `nowMs` is epoch milliseconds. */
export function placeCommand(wish: PlaceWish, nowMs: number): PlaceCommand & { orderId: string } {
  return {
    commandId: placeCommandId(wish.orderId),
    type: 'PLACE',
    orderId: wish.orderId,
    customerId: wish.customerId,
    actor: 'customer',
    idempotencyKey: wish.idempotencyKey,
    fingerprint: Buffer.from(wish.fingerprint, 'base64url'),
    issuedAt: nowMs,
    traceparent: wish.traceparent,
    payload: placePayload(wish.order),
  };
}

/** The request in the shape of the command; what was left out is null. */
export function placePayload(order: OrderRequest): PlaceOrder {
  const { line2 = null, region = null, ...address } = order.shippingAddress;
  return {
    currency: order.currency,
    lines: order.items.map(({ sku, quantity, expectedUnitPrice = null }) => ({
      sku,
      quantity,
      expectedUnitPrice,
    })),
    couponCode: order.couponCode ?? null,
    shippingAddress: { ...address, line2, region },
    contactEmail: order.contact?.email ?? null,
    metadata: Object.entries(order.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
}

export interface CancelWish {
  readonly orderId: string;
  readonly customerId: string;
  readonly request: CancelRequest;
  /** The version of `If-Match`, or null for any. */
  readonly expectedVersion: number | null;
  readonly traceparent: string | null;
}

/** The cancel command; the same wish repeated gives the same command id. */
export function cancelCommand(wish: CancelWish, nowMs: number): CancelCommand & { orderId: string } {
  const { orderId, customerId, expectedVersion } = wish;
  return {
    commandId: cancelCommandId(orderId, customerId, expectedVersion),
    type: 'CANCEL',
    orderId,
    customerId,
    actor: 'customer',
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: nowMs,
    traceparent: wish.traceparent,
    payload: { reason: wish.request.reason ?? null, expectedVersion },
  };
}

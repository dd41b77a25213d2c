/** A validated request as the one command that carries it through the pipeline. Decides nothing about stock or price. */
import type { CancelCommand, PlaceCommand, PlaceOrder } from '../../../../schemas/index.ts';
import type { CancelRequest, OrderRequest } from '../../http/schemas/order-request.ts';
import { cancelCommandId, placeCommandId } from './order-id.ts';

export interface PlaceOrderInput {
  readonly orderId: string;
  readonly customerId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the request's canonical JSON, in base64url. */
  readonly fingerprint: string;
  readonly order: OrderRequest;
  readonly traceparent: string | null;
}

/** The place command of a validated order. `nowMs` is epoch milliseconds. */
export function placeCommand(input: PlaceOrderInput, nowMs: number): PlaceCommand & { orderId: string } {
  return {
    commandId: placeCommandId(input.orderId),
    type: 'PLACE',
    orderId: input.orderId,
    customerId: input.customerId,
    actor: 'customer',
    idempotencyKey: input.idempotencyKey,
    fingerprint: Buffer.from(input.fingerprint, 'base64url'),
    issuedAt: nowMs,
    traceparent: input.traceparent,
    payload: placePayload(input.order),
  };
}

/** The request as a command payload; absent members are null. */
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

export interface CancelOrderInput {
  readonly orderId: string;
  readonly customerId: string;
  readonly request: CancelRequest;
  /** The version of `If-Match`, or null for any. */
  readonly expectedVersion: number | null;
  readonly traceparent: string | null;
}

/** The cancel command. Repeating the same request gives the same command id. */
export function cancelCommand(input: CancelOrderInput, nowMs: number): CancelCommand & { orderId: string } {
  const { orderId, customerId, expectedVersion } = input;
  return {
    commandId: cancelCommandId(orderId, customerId, expectedVersion),
    type: 'CANCEL',
    orderId,
    customerId,
    actor: 'customer',
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: nowMs,
    traceparent: input.traceparent,
    payload: { reason: input.request.reason ?? null, expectedVersion },
  };
}

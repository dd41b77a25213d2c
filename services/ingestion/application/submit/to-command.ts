/** Converts a valid request to its command. It decides nothing about stock or price. */
import {
  type CancelCommand,
  type PlaceCommand,
  type PlaceOrder,
  placeDefaults,
} from '../../../../schemas/index.ts';
import { operatorActor } from '../operators/operator-command.ts';
import { cancelCommandId, placeCommandId } from './order-id.ts';
import type { PlaceOrderInput } from './place-order-input.ts';

export interface PlaceCommandInput {
  readonly orderId: string;
  readonly customerId: string;
  readonly idempotencyKey: string;
  /** SHA-256 of the order's canonical JSON, in base64url. */
  readonly fingerprint: string;
  readonly order: PlaceOrderInput;
  readonly traceparent: string | null;
}

/** The place command of a valid order. `nowMs` is epoch milliseconds. */
export function placeCommand(input: PlaceCommandInput, nowMs: number): PlaceCommand & { orderId: string } {
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
    sealed: null,
    payload: placePayload(input.order),
  };
}

/** The order as a command payload; absent members are null. */
export function placePayload(order: PlaceOrderInput): PlaceOrder {
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
    ...placeDefaults,
    expectedTotal: order.expectedTotal ?? null,
  };
}

export interface CancelCommandInput {
  readonly orderId: string;
  /** The customer or operator who cancels. */
  readonly customerId: string;
  readonly isOperator: boolean;
  /** The reason in the customer's words, or null. */
  readonly reason: string | null;
  /** The only version that may be cancelled, or null for any. */
  readonly expectedVersion: number | null;
  readonly traceparent: string | null;
}

/** The cancel command. Repeating the same request gives the same command id. */
export function cancelCommand(input: CancelCommandInput, nowMs: number): CancelCommand & { orderId: string } {
  const { orderId, customerId, isOperator, expectedVersion } = input;
  const sender = isOperator
    ? { customerId: null, actor: operatorActor(customerId) }
    : { customerId, actor: 'customer' };
  return {
    commandId: cancelCommandId(input),
    type: 'CANCEL',
    orderId,
    ...sender,
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: nowMs,
    traceparent: input.traceparent,
    sealed: null,
    payload: { reason: input.reason, expectedVersion, lines: [] },
  };
}

/** The changes that operators request, as the payloads of their commands. */
import type { LineUnits, OrderCommand, ReturnLine } from '../../../../schemas/index.ts';

type ChangeType = 'REQUEST_REFUND' | 'RETRY_REFUND' | 'SHIP' | 'DELIVER' | 'RETURN' | 'ADJUST_STOCK';

/** A command type with its payload. */
export type OperatorChange = {
  readonly [T in ChangeType]: {
    readonly type: T;
    readonly payload: Extract<OrderCommand, { type: T }>['payload'];
  };
}[ChangeType];

export interface RefundInput {
  /** In minor units of the order's currency. Without amount, lines and shipping: everything that can be refunded. */
  readonly amount?: number;
  readonly lines?: LineUnits[];
  readonly shipping?: boolean;
  readonly reason?: string;
}

export function refundChange({ amount, lines = [], shipping = false, reason }: RefundInput): OperatorChange {
  return {
    type: 'REQUEST_REFUND',
    payload: { amount: amount ?? null, reason: reason ?? null, lines, shipping },
  };
}

/** `refundId` is a UUID in lower case. */
export function retryChange(refundId: string): OperatorChange {
  return { type: 'RETRY_REFUND', payload: { refundId } };
}

export interface ShipmentInput {
  /** Without lines: everything that is left to ship. */
  readonly lines?: LineUnits[];
  readonly carrier?: string;
  readonly trackingNumber?: string;
}

export function shipmentChange({ lines = [], carrier, trackingNumber }: ShipmentInput): OperatorChange {
  return {
    type: 'SHIP',
    payload: { carrier: carrier ?? null, trackingNumber: trackingNumber ?? null, lines },
  };
}

export interface DeliveryInput {
  /** Number of the shipment, from 1; null for all that are on their way. */
  readonly shipment: number | null;
  /** Epoch milliseconds. */
  readonly deliveredAtMs: number;
}

export function deliveryChange({ shipment, deliveredAtMs }: DeliveryInput): OperatorChange {
  return { type: 'DELIVER', payload: { deliveredAt: deliveredAtMs, shipment } };
}

export interface ReturnInput {
  /** Without lines: everything that was shipped; all units can be sold again. */
  readonly lines?: ReturnLine[];
  readonly refund?: boolean;
  readonly reason?: string;
}

export function returnChange({ lines = [], refund = true, reason }: ReturnInput): OperatorChange {
  return { type: 'RETURN', payload: { reason: reason ?? null, lines, refund } };
}

export interface AdjustmentInput {
  /** Units that are added, or taken away if it is below 0. */
  readonly delta: number;
  readonly reason: string;
}

export function adjustmentChange(sku: string, { delta, reason }: AdjustmentInput): OperatorChange {
  return { type: 'ADJUST_STOCK', payload: { sku, delta, reason, countedTo: null } };
}

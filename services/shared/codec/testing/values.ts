import {
  eventDefaults,
  type OrderCommand,
  type OrderEvent,
  type PlaceCommand,
  placeDefaults,
  type RecordDispute,
} from '../../../../schemas/index.ts';

/** Small values for the tests of this folder. */
export const close: OrderCommand = {
  commandId: 'c',
  type: 'CLOSE',
  orderId: 'o',
  customerId: null,
  actor: 'operator',
  idempotencyKey: null,
  fingerprint: null,
  issuedAt: 0,
  traceparent: null,
  sealed: null,
  payload: {},
};

/** The body of RECORD_DISPUTE, the command of a released type that this version does not decide. */
export const dispute: RecordDispute = {
  provider: 'local',
  providerEventId: 'e1',
  providerPaymentId: 'p1',
  disputeId: 'd1',
  state: 'OPEN',
  amount: 250,
  currency: 'EUR',
};

export const place: PlaceCommand = {
  ...close,
  type: 'PLACE',
  payload: {
    currency: 'EUR',
    lines: [{ sku: 'S', quantity: 1, expectedUnitPrice: null }],
    couponCode: null,
    shippingAddress: null,
    contactEmail: null,
    metadata: [],
    ...placeDefaults,
  },
};

/** An event without content, with the given changes. All tests build their events on it. */
export function blankEvent(change: Partial<OrderEvent> = {}): OrderEvent {
  return {
    eventId: '1-2',
    type: 'order.accepted',
    outcome: 'ACCEPTED',
    orderId: null,
    customerId: null,
    version: 1,
    status: null,
    previousStatus: null,
    occurredAt: 0,
    commandId: null,
    commandType: null,
    actor: null,
    sourcePartition: 1,
    sourceOffset: 2,
    prevSourceOffset: 1,
    reason: null,
    traceparent: null,
    order: null,
    payment: null,
    shipment: null,
    stock: null,
    ...eventDefaults,
    ...change,
  };
}

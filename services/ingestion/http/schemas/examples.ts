/**
 * One example for each request and response body of the API, by the name of its schema. A test checks the examples
 * with the schemas.
 */

const id = '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11';
const self = `/v1/orders/${id}`;
const ticket = '?t=AAECAwQFBgcICQoLDA0ODw';
const at = '2026-01-05T10:00:00.000Z';
const queue = { ahead: 12, etaMs: 40 };
const items = [{ sku: 'MUG-BLUE', name: 'Mug, blue', quantity: 2, unitPrice: 1250, lineTotal: 2500 }];
const totals = { subtotal: 2500, discount: 0, shipping: 0, tax: 0, taxIncluded: 0, total: 2500 };
const shippingAddress = {
  name: 'Ada Example',
  line1: '1 Sample Street',
  city: 'Berlin',
  postalCode: '10115',
  country: 'DE',
};
const orderRequest = {
  currency: 'EUR',
  items: [{ sku: 'MUG-BLUE', quantity: 2, expectedUnitPrice: 1250 }],
  shippingAddress,
  contact: { email: 'ada@example.com' },
  metadata: { cart: '4711' },
};
const order = {
  id,
  version: 1,
  status: 'PENDING_PAYMENT',
  customerId: 'c1',
  currency: 'EUR',
  items: items.map((item) => ({ line: 1, ...item, cancelled: 0, shipped: 0, returned: 0, refunded: 0 })),
  totals,
  money: { received: 0, refundPending: 0, refunded: 0, disputed: 0 },
  units: { ordered: 2, cancelled: 0, shipped: 0, returned: 0, restocked: 0 },
  createdAt: at,
  updatedAt: at,
  links: {
    self,
    history: `${self}/history`,
    events: `${self}/events`,
    cancel: `${self}/cancel`,
    paymentSessions: `${self}/payment-sessions`,
  },
};
const paymentId = '6f9619ff-8b86-8011-b42d-00c04fc964ff';
const refundId = '7f9619ff-8b86-8011-b42d-00c04fc964ff';
const euros = { amount: 1250, currency: 'EUR' };
const payment = {
  ...{ number: 1, id: paymentId, provider: 'local', providerPaymentId: 'pay_4711' },
  ...{ amount: 2500, currency: 'EUR', disposition: 'SETTLES', receivedAt: at },
};
const refund = {
  ...{ number: 1, id: refundId, paymentId, ...euros, status: 'SUCCEEDED', reason: 'RETURNED' },
  ...{ lines: [{ line: 1, quantity: 1 }], shipping: false, provider: 'local', providerRefundId: 're_4711' },
  ...{ retried: false, requestedAt: at, settledAt: at },
};
const shipment = {
  ...{ number: 1, lines: [{ line: 1, quantity: 2 }], carrier: 'Post', trackingNumber: '4711' },
  ...{ shippedAt: at, deliveredAt: at },
};
const goodsBack = { number: 1, lines: [{ line: 1, quantity: 1, restock: 1 }], refundId, returnedAt: at };
const commandId = 'ship:4bf92f3577b34da6a3ce929d0e0e4736';
const queuedCommand = {
  id: commandId,
  type: 'SHIP',
  outcome: 'QUEUED',
  statusUrl: `${self}/commands/${commandId}${ticket}`,
  queue,
};
const decidedCommand = {
  id: commandId,
  type: 'SHIP',
  outcome: 'APPLIED',
  version: 3,
  status: 'SHIPPED',
  decidedAt: at,
};
const endpoint = {
  id: 'we_4bf92f3577b34da6a3ce929d0e0e4736',
  url: 'https://shop.example.com/hooks',
  eventTypes: ['order.*'],
  description: 'Warehouse',
  status: 'ENABLED',
  createdAt: at,
  updatedAt: at,
};
const delivery = {
  id: '4711',
  eventId: '3-120',
  eventType: 'order.accepted',
  orderId: id,
  version: 1,
  status: 'DELIVERED',
  attempts: 1,
  lastStatus: 200,
  createdAt: at,
  deliveredAt: at,
  payload: webhookExample('order.accepted'),
};

export const examples: Readonly<Record<string, unknown>> = {
  OrderRequest: orderRequest,
  BatchRequest: { orders: [{ idempotencyKey: 'order-2026-0001', order: orderRequest }] },
  CancelRequest: { reason: 'Ordered twice.' },
  PaymentSessionRequest: { returnUrl: 'https://shop.example.com/orders/4711' },
  PaymentSession: { url: 'https://pay.example.com/ses_4711', expiresAt: '2026-01-05T10:30:00.000Z' },
  RefundRequest: { lines: [{ line: 1, quantity: 1 }], shipping: true, reason: 'The parcel was late.' },
  ShipmentRequest: {
    lines: [{ line: 1, quantity: 2 }],
    carrier: 'Example Post',
    trackingNumber: 'EP-4711',
  },
  DeliveryRequest: { shipment: 1, deliveredAt: at },
  ReturnRequest: { lines: [{ line: 1, quantity: 2, restock: 1 }], reason: 'One mug is broken.' },
  QueuedCommand: queuedCommand,
  DecidedCommand: decidedCommand,
  Command: decidedCommand,
  CallbackReceipt: { events: 1 },
  NewWebhookEndpoint: {
    url: endpoint.url,
    eventTypes: endpoint.eventTypes,
    description: endpoint.description,
  },
  WebhookEndpointUpdate: { eventTypes: ['order.shipped'], status: 'PAUSED' },
  RotateRequest: { overlapSeconds: 3600 },
  RedeliverRequest: { from: '2026-01-05T00:00:00Z', to: '2026-01-06T00:00:00Z' },
  Accepted: { id, status: 'QUEUED', statusUrl: self + ticket, queue },
  Order: order,
  OrderList: { items: [order], nextCursor: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX' },
  BatchResult: {
    items: [{ index: 0, status: 202, id, statusUrl: self + ticket }],
  },
  History: {
    items: [{ version: 1, status: 'PENDING_PAYMENT', command: 'PLACE', actor: 'c1', at }],
    refused: [
      {
        command: 'CANCEL',
        version: 1,
        reason: { code: 'VERSION_MISMATCH', message: 'The order has version 1, not 0.' },
        at,
      },
    ],
  },
  OrderPaymentList: { items: [payment] },
  OrderRefundList: { items: [refund] },
  OrderShipmentList: { items: [shipment] },
  OrderReturnList: { items: [goodsBack] },
  StockAdjustmentRequest: { delta: 40, reason: 'delivery 4711' },
  StockLevel: { sku: 'MUG-BLUE', available: 120, committed: 30, onHand: 150 },
  Quote: { currency: 'EUR', items, totals },
  WebhookEndpoint: endpoint,
  WebhookEndpointWithSecret: { ...endpoint, secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' },
  WebhookEndpointList: { items: [endpoint] },
  WebhookDelivery: delivery,
  WebhookDeliveryList: { items: [delivery] },
  RedeliverResult: { count: 120 },
};

export const testEventExample = {
  type: 'endpoint.test',
  timestamp: at,
  data: { endpointId: endpoint.id, isTest: true },
};

/** The body of a webhook request with an event of this type. */
export function webhookExample(type: string): object {
  const data = { id, version: 1, status: order.status, previousStatus: null, customerId: 'c1' };
  if (type === 'order.accepted')
    return { type, timestamp: at, data: { ...data, currency: 'EUR', totals, items } };
  const reason = { code: 'ILLEGAL_CHANGE', message: 'A shipped order cannot be cancelled.' };
  if (type === 'command.refused')
    return { type, timestamp: at, data: { ...data, previousStatus: data.status, reason } };
  return { type, timestamp: at, data };
}

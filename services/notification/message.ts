/** The message about one outcome: the JSON body of its webhook, and the facts of its e-mail. */
import type { OrderEvent, PricedLine } from '../../schemas/index.ts';

/**
 * Standard Webhooks recommends bodies under 20 kB. A message omits parts that do not fit. It never cuts a part
 * in the middle.
 */
export const messageBytesMax = 20_000;

/**
 * The body of a notification. Intake makes and stores it once, so every attempt sends the same bytes.
 * `data.version` is the order's version, so a receiver can drop older versions.
 */
export interface Message {
  type: string;
  /** RFC 3339, time of the decision. */
  timestamp: string;
  data: MessageData;
}

export interface MessageData {
  /** Order id. */
  id: string;
  version: number;
  status: string | null;
  previousStatus: string | null;
  customerId: string | null;
  currency?: string;
  /** Minor units. */
  totals?: { subtotal: number; discount: number; shipping: number; tax: number; total: number };
  items?: Pick<PricedLine, 'sku' | 'name' | 'quantity' | 'unitPrice' | 'lineTotal'>[];
  /** Set if the lines did not fit. A receiver can read them from the order. */
  itemsOmitted?: true;
  couponCode?: string;
  paymentDueAt?: string;
  reason?: { code: string; message: string; pointer?: string };
  payment?: { status: string; amount: number; currency: string };
  refund?: { id: string; amount: number; currency: string; status: string; reason: string };
  /** Without its number: several parcels. */
  shipment?: {
    number?: number;
    carrier?: string;
    trackingNumber?: string;
    lines?: { line: number; quantity: number }[];
  };
}

/** Only events about an order have a message. */
export type OrderBoundEvent = OrderEvent & { orderId: string };

/** Whether the event has a valid order id. The outcome of an undecodable command may contain any key instead. */
export function isOrderBound(event: OrderEvent): event is OrderBoundEvent {
  return event.orderId !== null && orderIdPattern.test(event.orderId);
}

const orderIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The stored body: JSON text of at most {@link messageBytesMax} bytes. */
export function messageText(event: OrderBoundEvent): string {
  const message = messageOf(event);
  const textOf = (data: MessageData): string => JSON.stringify({ ...message, data });
  const whole = textOf(message.data);
  if (fits(whole)) return whole;
  const { items: _items, ...rest } = message.data;
  const withoutLines = textOf({ ...rest, itemsOmitted: true });
  if (fits(withoutLines)) return withoutLines;
  // Other systems write reasons and shipments, so their length is unknown.
  const { id, version, status, previousStatus, customerId } = message.data;
  return textOf({ id, version, status, previousStatus, customerId, itemsOmitted: true });
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= messageBytesMax;
}

function messageOf(event: OrderBoundEvent): Message {
  return {
    type: event.type,
    timestamp: new Date(event.occurredAt).toISOString(),
    data: {
      id: event.orderId,
      version: event.version,
      status: event.status,
      previousStatus: event.previousStatus,
      customerId: event.customerId,
      ...decidedOrder(event),
      ...(event.reason && { reason: reasonOf(event.reason) }),
      ...(event.payment && {
        payment: {
          status: event.payment.status,
          amount: event.payment.amount,
          currency: event.payment.currency,
        },
      }),
      ...(event.refund && { refund: refundOf(event.refund) }),
      ...(event.shipment && { shipment: shipmentOf(event.shipment) }),
    },
  };
}

function decidedOrder({ order }: OrderEvent): Partial<MessageData> {
  if (order === null) return {};
  const { currency, lines, subtotal, discount, shipping, tax, total, couponCode, paymentDueAt } = order;
  return {
    currency,
    totals: { subtotal, discount, shipping, tax, total },
    items: lines.map(({ sku, name, quantity, unitPrice, lineTotal }) => ({
      sku,
      name,
      quantity,
      unitPrice,
      lineTotal,
    })),
    ...(couponCode !== null && { couponCode }),
    ...(paymentDueAt !== null && { paymentDueAt: new Date(paymentDueAt).toISOString() }),
  };
}

/** Omits `seen`, which is for operators only. */
function reasonOf(reason: NonNullable<OrderEvent['reason']>): NonNullable<MessageData['reason']> {
  const { code, message, pointer } = reason;
  return { code, message, ...(pointer !== null && { pointer }) };
}

function refundOf(refund: NonNullable<OrderEvent['refund']>): NonNullable<MessageData['refund']> {
  const { refundId: id, amount, currency, status, reason } = refund;
  return { id, amount, currency, status, reason };
}

function shipmentOf({ shipment, carrier, trackingNumber, lines }: NonNullable<OrderEvent['shipment']>) {
  return {
    ...(shipment !== null && { number: shipment }),
    ...(carrier !== null && { carrier }),
    ...(trackingNumber !== null && { trackingNumber }),
    ...(lines.length > 0 && { lines: lines.map(({ line, quantity }) => ({ line, quantity })) }),
  };
}

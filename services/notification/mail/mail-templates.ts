/**
 * The mails to a customer about an order: plain text, one template per status or partial change.
 *
 * The caller chooses the address, so a mail contains none of the caller's texts. It has no SKU, reason text,
 * personal name or address. Product names come from the catalogue. A template puts each name on one line, so
 * that it cannot imitate a line of the template.
 */
import { amountText, toOneLine } from '../../domain/index.ts';
import type { Message, MessageData } from '../message.ts';

export interface MailText {
  subject: string;
  text: string;
}

interface Template {
  subject(short: string): string;
  lead: string;
}

const byStatus: Readonly<Record<string, Template>> = {
  PENDING_PAYMENT: {
    subject: (short) => `We have your order ${short}`,
    lead: 'Thank you. Your order is accepted and its goods are reserved for you until the payment arrives.',
  },
  PAID: {
    subject: (short) => `Your order ${short} is paid`,
    lead: 'Thank you, your payment has arrived. We are preparing your order.',
  },
  SHIPPED: {
    subject: (short) => `Your order ${short} is on its way`,
    lead: 'Your order has left our warehouse.',
  },
  DELIVERED: {
    subject: (short) => `Your order ${short} was delivered`,
    lead: 'Your order has been delivered.',
  },
  CLOSED: {
    subject: (short) => `Your order ${short} is complete`,
    lead: 'Your order is complete. Thank you.',
  },
  CANCELLED: {
    subject: (short) => `Your order ${short} was cancelled`,
    lead: 'Your order was cancelled. What you have paid will be returned.',
  },
  EXPIRED: {
    subject: (short) => `Your order ${short} has expired`,
    lead: 'The payment did not arrive in time, so your order was cancelled and its goods released.',
  },
  PAYMENT_FAILED: {
    subject: (short) => `The payment for your order ${short} failed`,
    lead: 'The payment for your order failed, so the order was cancelled and its goods released.',
  },
  RETURNED: {
    subject: (short) => `Your return of order ${short} has arrived`,
    lead: 'Your return has arrived. What you have paid will be returned.',
  },
};

/** By event type, for changes of a part of the order. The text of the status would repeat old news. */
const byType: Readonly<Record<string, Template>> = {
  'order.partially_shipped': {
    subject: (short) => `A part of your order ${short} is on its way`,
    lead: 'A part of your order has left our warehouse. The rest follows.',
  },
  'order.partially_delivered': {
    subject: (short) => `A part of your order ${short} was delivered`,
    lead: 'A part of your order has been delivered. The rest follows.',
  },
  'order.partially_returned': {
    subject: (short) => `A part of your return of order ${short} has arrived`,
    lead: 'Some goods of your order came back to us.',
  },
  'order.partially_cancelled': {
    subject: (short) => `The rest of your order ${short} was cancelled`,
    lead: 'We cannot ship the rest of your order. What you have paid for it will be returned.',
  },
  'order.payment_attempt_failed': {
    subject: (short) => `A payment for your order ${short} failed`,
    lead: 'A payment for your order failed. Your goods stay reserved, and you can pay again.',
  },
  'order.payment_kept': {
    subject: (short) => `We return a payment for your order ${short}`,
    lead: 'We got a payment that does not fit your order. We return it.',
  },
  'order.refund_requested': {
    subject: (short) => `We return money for your order ${short}`,
    lead: 'We return money for your order.',
  },
  'order.refunded': {
    subject: (short) => `Your refund for order ${short}`,
    lead: 'We have returned money for your order.',
  },
  'order.refund_failed': {
    subject: (short) => `Your refund for order ${short} is delayed`,
    lead: 'We could not return your money yet. We try to return it in another way.',
  },
};

const general: Template = {
  subject: (short) => `News about your order ${short}`,
  lead: 'The state of your order has changed.',
};

/** The mail for a stored message. An unknown status gets the general text. */
export function mailTextOf(message: Message): MailText {
  const { data } = message;
  const template = templateOf(message);
  const blocks = [
    template.lead,
    data.items?.map(({ quantity, name }) => `  ${quantity} × ${nameText(name)}`).join('\n'),
    totalText(data),
    refundText(data),
    data.paymentDueAt && `Please pay until ${data.paymentDueAt}.`,
    data.shipment?.trackingNumber &&
      toOneLine(`Tracking: ${data.shipment.carrier ?? ''} ${data.shipment.trackingNumber}`),
    `Order: ${data.id}\nStatus: ${data.status ?? 'unknown'} (version ${data.version})`,
  ];
  return { subject: template.subject(data.id.slice(0, 8)), text: `${blocks.filter(Boolean).join('\n\n')}\n` };
}

/** A change that keeps the status never gets the text of the status. */
function templateOf({ type, data }: Message): Template {
  const ofStatus = data.status === data.previousStatus ? undefined : byStatus[data.status ?? ''];
  return byType[type] ?? ofStatus ?? general;
}

/** A line without a name has no product in the catalogue, so its name is `article`. */
function nameText(name: string | null): string {
  return name === null ? 'article' : toOneLine(name);
}

/** Returns null for a currency without a known minor unit: no amount is better than a wrong one. */
function totalText({ totals, currency }: MessageData): string | null {
  if (totals === undefined || currency === undefined) return null;
  const amount = amountText(totals.total, currency);
  return amount === null ? null : `Total: ${amount}`;
}

/** The amount that goes back; null if the change has no refund. */
function refundText({ refund }: MessageData): string | null {
  const amount = refund === undefined ? null : amountText(refund.amount, refund.currency);
  return amount === null ? null : `Refund: ${amount}`;
}

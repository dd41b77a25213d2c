/** What a customer is written about an order: plain text, one template per status. Names and addresses stay out of it. */
import type { Message } from './message.ts';

export interface MailText {
  subject: string;
  text: string;
}

interface Template {
  subject(short: string): string;
  lead: string;
}

const templates: Readonly<Record<string, Template>> = {
  PENDING_PAYMENT: {
    subject: (short) => `We have your order ${short}`,
    lead: 'Thank you. Your order is accepted and its goods are kept for you until the payment arrives.',
  },
  REJECTED: {
    subject: (short) => `We could not accept your order ${short}`,
    lead: 'We are sorry: your order could not be accepted, and nothing will be charged.',
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
    lead: 'The payment did not arrive in time, so your order was given up and its goods released.',
  },
  PAYMENT_FAILED: {
    subject: (short) => `The payment for your order ${short} failed`,
    lead: 'The payment for your order failed, so it was given up and its goods released.',
  },
  RETURNED: {
    subject: (short) => `Your return of order ${short} has arrived`,
    lead: 'Your return has arrived. What you have paid will be returned.',
  },
};

const general: Template = {
  subject: (short) => `News about your order ${short}`,
  lead: 'The state of your order has changed.',
};

/** The mail for a stored message. Any status has a text; an unknown one the general one. */
export function mailTextOf(message: Message): MailText {
  const { data } = message;
  const template = templates[data.status ?? ''] ?? general;
  const blocks = [
    template.lead,
    data.reason && `Reason: ${data.reason.message}`,
    data.items?.map((line) => `  ${line.quantity} × ${line.name ?? line.sku}`).join('\n'),
    data.totals && data.currency && `Total: ${moneyText(data.totals.total, data.currency)}`,
    data.paymentDueAt && `Please pay until ${data.paymentDueAt}.`,
    data.shipment?.trackingNumber &&
      `Tracking: ${data.shipment.carrier ?? ''} ${data.shipment.trackingNumber}`.trim(),
    `Order: ${data.id}\nStatus: ${data.status ?? 'unknown'} (version ${data.version})`,
  ];
  return { subject: template.subject(data.id.slice(0, 8)), text: `${blocks.filter(Boolean).join('\n\n')}\n` };
}

/** Minor units as the currency writes them: `EUR 12.34`, `JPY 500`. */
function moneyText(minorUnits: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minorUnits / 10 ** digits);
}

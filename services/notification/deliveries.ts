/**
 * Makes the delivery rows of a batch of events. The functions are pure: the same events and directory give the
 * same rows. The table's unique key (event, endpoint) drops rows that exist already.
 */
import type { OrderEvent } from '../../schemas/index.ts';
import { isSampled } from '../shared/trace/index.ts';
import type { Endpoint } from './endpoints.ts';
import { wantsType } from './event-types.ts';
import { isOrderBound, messageText } from './message.ts';

/** The value of endpoint_id for an e-mail to the order's contact. */
export const emailEndpoint = 'email';

export interface NewDelivery {
  eventId: string;
  endpointId: string;
  orderId: string;
  orderVersion: number;
  eventType: string;
  payload: string;
  /** Of the command, if its trace is recorded. */
  traceparent: string | null;
  /** The earliest time to send a mail; null if the mail is withheld. Webhooks do not have it. */
  mailDueAtMs?: number | null;
}

export interface Audience {
  receiversOf(customerId: string | null, type: string): readonly Endpoint[];
  /** E-mail addresses by order; empty if e-mail is off. */
  addresses: ReadonlyMap<string, string>;
}

/** One row per (event, endpoint), in event order, so that delivery ids rise with the versions of an order. */
export function deliveriesOf(events: readonly OrderEvent[], audience: Audience): NewDelivery[] {
  const deliveries: NewDelivery[] = [];
  for (const event of events) {
    if (!isOrderBound(event)) continue;
    const endpoints = audience.receiversOf(event.customerId, event.type);
    const mail = audience.addresses.has(event.orderId) && isMailed(event);
    if (endpoints.length === 0 && !mail) continue;
    const common = {
      eventId: event.eventId,
      orderId: event.orderId,
      orderVersion: event.version,
      eventType: event.type,
      payload: messageText(event),
      traceparent: isSampled(event.traceparent) ? event.traceparent : null,
    };
    for (const endpoint of endpoints) deliveries.push({ ...common, endpointId: endpoint.id });
    if (mail) deliveries.push({ ...common, endpointId: emailEndpoint });
  }
  return deliveries;
}

/**
 * Whether the customer gets a mail about this event. Mails report changes of an order, never repeats and
 * refusals. A rejected order sends no mail. It costs the caller nothing, so anyone could make the shop write to
 * any address. The caller has the response.
 */
export function isMailed(event: OrderEvent): boolean {
  return wantsType(null, event.type) && event.status !== 'REJECTED';
}

/**
 * Which deliveries a batch of events makes. Pure: the same events and the same directory give the same rows, and the
 * unique key (event, endpoint) drops what is there already.
 */
import type { OrderEvent } from '../../schemas/index.ts';
import type { Endpoint } from './endpoints.ts';
import { wantsType } from './event-types.ts';
import { isOrderBound, messageText } from './message.ts';

/** Stands in endpoint_id for the e-mail address of the order's contact. */
export const emailEndpoint = 'email';

export interface NewDelivery {
  eventId: string;
  endpointId: string;
  orderId: string;
  orderVersion: number;
  eventType: string;
  payload: string;
  /** Mails only: when it may be sent, where that is not at once; null where it is withheld. */
  mailDueAtMs?: number | null;
}

export interface Audience {
  receiversOf(customerId: string | null, type: string): readonly Endpoint[];
  /** E-mail addresses by order; empty where e-mail is off. */
  addresses: ReadonlyMap<string, string>;
}

/** One row per (event, endpoint), in event order, so that versions of an order get rising delivery ids. */
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
    };
    for (const endpoint of endpoints) deliveries.push({ ...common, endpointId: endpoint.id });
    if (mail) deliveries.push({ ...common, endpointId: emailEndpoint });
  }
  return deliveries;
}

/**
 * People get mails about changes of an order, never about repeats and refusals. A rejected order is mailed to nobody: it
 * costs the caller nothing, so the shop would write to any address as often as somebody likes. The caller has the answer.
 */
export function isMailed(event: OrderEvent): boolean {
  return wantsType(null, event.type) && event.status !== 'REJECTED';
}

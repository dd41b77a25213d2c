/** Webhook endpoints and test deliveries as lines of text. */
import type { WebhookDelivery, WebhookEndpoint } from '../client/index.ts';

export function endpointText({ id, url, status, eventTypes, description }: WebhookEndpoint): string {
  const types = eventTypes?.join(', ') ?? 'the default, order.*';
  return [
    `${id}  ${status}  ${url}`,
    `  events: ${types}`,
    ...(description === undefined ? [] : [`  ${description}`]),
  ].join('\n');
}

export function deliveryText({ eventId, status, lastStatus, lastError }: WebhookDelivery): string {
  const answer = lastStatus === undefined ? '' : `, the receiver answered ${lastStatus}`;
  const reason = lastError === undefined ? '' : `: ${lastError}`;
  return `test event ${eventId}: ${status}${answer}${reason}`;
}

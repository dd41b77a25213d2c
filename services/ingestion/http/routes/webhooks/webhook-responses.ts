/** Shared by the webhook routes: the owner of an endpoint, and its representation. */
import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChangeOf, WebhookEndpoint } from '../../../application/webhooks/webhook-store.ts';
import { callersTraceIdOf, HttpProblem } from '../../problems.ts';
import { jsonMediaType } from '../../responses.ts';
import { atDatabase } from '../at-database.ts';
import type { RouteDeps } from '../route.ts';

/** Stands in the table for all customers' events: such an endpoint is made by operators, in the table. */
const everyCustomer = '*';

/** Whose endpoints a request is about. */
export function ownerOf({ caller: { customerId } }: FastifyRequest): string {
  if (customerId !== everyCustomer) return customerId;
  throw new HttpProblem('SCOPE_MISSING', 'This API does not manage endpoints for all customers.');
}

export function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

const endpointIdForm = /^[!-~]{1,64}$/;

/**
 * The id in the path. Throws ENDPOINT_NOT_FOUND without a lookup if no endpoint can have it: the database refuses to
 * compare its ASCII column with other text.
 */
export function endpointIdOf(request: FastifyRequest): string {
  const id = idOf(request);
  if (!endpointIdForm.test(id)) throw new HttpProblem('ENDPOINT_NOT_FOUND');
  return id;
}

/** The change that a request makes, for the store and its audit log. */
export function changeOf(request: FastifyRequest): ChangeOf {
  return {
    customerId: ownerOf(request),
    endpointId: endpointIdOf(request),
    traceId: callersTraceIdOf(request),
  };
}

/** The endpoint when it is the caller's own. */
export async function findEndpoint(
  deps: Pick<RouteDeps, 'webhooks' | 'reads'>,
  request: FastifyRequest,
  endpointId: string,
): Promise<WebhookEndpoint> {
  const owner = ownerOf(request);
  const endpoint = await atDatabase(deps, request.caller.customerId, () =>
    deps.webhooks.find(owner, endpointId),
  );
  if (endpoint === null) throw new HttpProblem('ENDPOINT_NOT_FOUND');
  return endpoint;
}

/** 256 bits in the form of Standard Webhooks. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** The endpoint as its owner sees it; the secret is no part of it. */
export function endpointResource(endpoint: WebhookEndpoint, nowMs: number): object {
  const { endpointId, url, eventTypes, isEnabled, disabledReason, previousUntilMs } = endpoint;
  return {
    id: endpointId,
    url,
    ...(eventTypes === null ? {} : { eventTypes }),
    status: isEnabled ? 'ENABLED' : 'DISABLED',
    ...(disabledReason === null ? {} : { disabledReason }),
    ...(previousUntilMs === null || previousUntilMs <= nowMs
      ? {}
      : { previousSecretUntil: timeOf(previousUntilMs) }),
    createdAt: timeOf(endpoint.createdAtMs),
    updatedAt: timeOf(endpoint.updatedAtMs),
  };
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** A response that no cache may store, because it may contain a secret. */
export function sendJson(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .header('content-type', jsonMediaType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(body));
}

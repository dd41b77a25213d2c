/** Functions of all webhook routes: the owner of an endpoint, and its representation. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChangeOf } from '../../../application/webhooks/audited-changes.ts';
import type { EndpointStatus } from '../../../application/webhooks/endpoint-update.ts';
import type { WebhookEndpoint } from '../../../application/webhooks/webhook-store.ts';
import { HttpProblem, knownTraceIdOf } from '../../problems.ts';
import { jsonMediaType } from '../../responses.ts';
import { atDatabase } from '../at-database.ts';
import type { RouteDeps } from '../route.ts';

/** In the table, this id means all customers. Only operators create such an endpoint, in the table. */
const everyCustomer = '*';

/** The owner of the endpoints of a request. */
export function ownerOf({ caller: { customerId } }: FastifyRequest): string {
  if (customerId !== everyCustomer) return customerId;
  throw new HttpProblem('SCOPE_MISSING', 'This API does not manage endpoints for all customers.');
}

export function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

const endpointIdForm = /^[!-~]{1,64}$/;

/**
 * The id in the path. Throws ENDPOINT_NOT_FOUND without a lookup if no endpoint can have it. The database would
 * refuse to compare its ASCII column with such a text.
 */
export function endpointIdOf(request: FastifyRequest): string {
  const id = idOf(request);
  if (!endpointIdForm.test(id)) throw new HttpProblem('ENDPOINT_NOT_FOUND');
  return id;
}

/** The origin of a change, for the store and its audit log. */
export function changeOf(request: FastifyRequest): ChangeOf {
  return {
    customerId: ownerOf(request),
    endpointId: endpointIdOf(request),
    traceId: knownTraceIdOf(request),
  };
}

/** The endpoint. Throws the problem ENDPOINT_NOT_FOUND if it does not belong to the caller. */
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

/** The endpoint as its owner sees it, without the secret. */
export function endpointResource(endpoint: WebhookEndpoint, nowMs: number): object {
  const { endpointId, url, eventTypes, description, disabledReason, pausedAtMs, previousUntilMs } = endpoint;
  const status = statusOf(endpoint);
  return {
    id: endpointId,
    url,
    ...(eventTypes === null ? {} : { eventTypes }),
    ...(description === null ? {} : { description }),
    status,
    ...(disabledReason === null ? {} : { disabledReason }),
    ...(status === 'PAUSED' && pausedAtMs !== null ? { pausedAt: timeOf(pausedAtMs) } : {}),
    ...(previousUntilMs === null || previousUntilMs <= nowMs
      ? {}
      : { previousSecretUntil: timeOf(previousUntilMs) }),
    createdAt: timeOf(endpoint.createdAtMs),
    updatedAt: timeOf(endpoint.updatedAtMs),
  };
}

function statusOf({ isEnabled, pausedAtMs }: WebhookEndpoint): EndpointStatus {
  if (!isEnabled) return 'DISABLED';
  return pausedAtMs === null ? 'ENABLED' : 'PAUSED';
}

/** Sends an endpoint with its `ETag`, and with its new secret if there is one. */
export function sendEndpoint(
  reply: FastifyReply,
  status: number,
  endpoint: WebhookEndpoint,
  { nowMs, secret }: { nowMs: number; secret?: string },
): FastifyReply {
  reply.header('etag', `"${endpoint.updatedAtMs}"`);
  return sendJson(reply, status, {
    ...endpointResource(endpoint, nowMs),
    ...(secret === undefined ? {} : { secret }),
  });
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Sends a response that no cache may store, because it may contain a secret. */
export function sendJson(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply
    .code(status)
    .header('content-type', jsonMediaType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(body));
}

/** Creates, lists, shows and deletes the webhook endpoints of a customer. */
import { randomBytes } from 'node:crypto';
import { compileCheck } from '../../../application/requests/validation.ts';
import { endpointsPerCustomerMax, newWebhookSecret } from '../../../application/webhooks/webhook-store.ts';
import { bodyProblems, type Operation } from '../../operation.ts';
import { HttpProblem, knownTraceIdOf } from '../../problems.ts';
import { readBody, validationProblem } from '../../requests/read-request.ts';
import {
  NewWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointList,
  WebhookEndpointWithSecret,
} from '../../schemas/webhook.ts';
import { atDatabase, databaseTime } from '../at-database.ts';
import { endpointIdParameter } from '../parameters.ts';
import type { Route, RouteDeps, RouteOf } from '../route.ts';
import {
  changeOf,
  endpointIdOf,
  endpointResource,
  findEndpoint,
  ownerOf,
  sendEndpoint,
  sendJson,
} from './webhook-responses.ts';

export const createWebhookOperation: Operation = {
  id: 'createWebhookEndpoint',
  method: 'POST',
  url: '/v1/webhook-endpoints',
  summary: 'Create a webhook endpoint',
  description: `The endpoint receives future events of your orders, signed according to Standard Webhooks. You may have ${endpointsPerCustomerMax} endpoints; each receives all events of its \`eventTypes\`. After a 5xx, check the list before you retry.`,
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [],
  body: { schema: NewWebhookEndpoint, bytesMax: 16 * 1024, required: true },
  responses: {
    201: {
      description: 'The endpoint with its secret. The secret is shown only once.',
      schema: WebhookEndpointWithSecret,
      headers: ['Location', 'ETag'],
    },
  },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'ENDPOINT_LIMIT',
    'RATE_LIMITED',
    'STATE_UNAVAILABLE',
  ],
};

export const listWebhooksOperation: Operation = {
  id: 'listWebhookEndpoints',
  method: 'GET',
  url: '/v1/webhook-endpoints',
  summary: 'List your webhook endpoints, oldest first',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  parameters: [],
  responses: { 200: { description: 'All your webhook endpoints.', schema: WebhookEndpointList } },
  problems: ['STATE_UNAVAILABLE'],
};

export const getWebhookOperation: Operation = {
  id: 'getWebhookEndpoint',
  method: 'GET',
  url: '/v1/webhook-endpoints/:id',
  summary: 'Get a webhook endpoint',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  parameters: [endpointIdParameter],
  responses: {
    200: { description: 'The endpoint, without its secret.', schema: WebhookEndpoint, headers: ['ETag'] },
  },
  problems: ['ENDPOINT_NOT_FOUND', 'STATE_UNAVAILABLE'],
};

export const deleteWebhookOperation: Operation = {
  id: 'deleteWebhookEndpoint',
  method: 'DELETE',
  url: '/v1/webhook-endpoints/:id',
  summary: 'Delete a webhook endpoint',
  description: 'Pending deliveries are dropped. A request in flight may still arrive.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [endpointIdParameter],
  responses: { 204: { description: 'The endpoint is deleted.' } },
  problems: [...bodyProblems, 'ENDPOINT_NOT_FOUND', 'RATE_LIMITED', 'STATE_UNAVAILABLE'],
};

interface CreateInput {
  readonly customerId: string;
  readonly url: string;
  readonly eventTypes: readonly string[] | null;
  readonly description: string | null;
}

export function createWebhook(deps: RouteDeps): RouteOf<CreateInput> {
  const check = compileCheck(NewWebhookEndpoint);
  return {
    operation: createWebhookOperation,
    read(request) {
      const customerId = ownerOf(request);
      const { url, eventTypes = null, description = null } = readBody(request, check);
      const read = deps.readWebhookUrl(url);
      if (read.fault !== null) throw validationProblem([{ pointer: '/url', detail: read.fault }]);
      return { customerId, url: read.url, eventTypes, description };
    },
    async handler(request, reply, input) {
      const endpointId = `we_${randomBytes(16).toString('hex')}`;
      const secret = newWebhookSecret();
      const traceId = knownTraceIdOf(request);
      const nowMs = await databaseTime(deps, request.caller.customerId);
      const endpoint = await atDatabase(deps, request.caller.customerId, () =>
        deps.webhooks.create({ ...input, endpointId, secret, traceId }, nowMs),
      );
      if (endpoint === null) throw new HttpProblem('ENDPOINT_LIMIT');
      reply.header('location', `/v1/webhook-endpoints/${endpointId}`);
      return sendEndpoint(reply, 201, endpoint, { nowMs, secret });
    },
  };
}

export function listWebhooks(deps: RouteDeps): Route {
  return {
    operation: listWebhooksOperation,
    async handler(request, reply) {
      const owner = ownerOf(request);
      const found = await atDatabase(deps, request.caller.customerId, () => deps.webhooks.list(owner));
      const nowMs = await databaseTime(deps, request.caller.customerId);
      return sendJson(reply, 200, { items: found.map((endpoint) => endpointResource(endpoint, nowMs)) });
    },
  };
}

export function getWebhook(deps: RouteDeps): Route {
  return {
    operation: getWebhookOperation,
    async handler(request, reply) {
      const endpoint = await findEndpoint(deps, request, endpointIdOf(request));
      const nowMs = await databaseTime(deps, request.caller.customerId);
      return sendEndpoint(reply, 200, endpoint, { nowMs });
    },
  };
}

export function deleteWebhook(deps: RouteDeps): Route {
  return {
    operation: deleteWebhookOperation,
    async handler(request, reply) {
      const change = changeOf(request);
      const nowMs = await databaseTime(deps, request.caller.customerId);
      const deleted = await atDatabase(deps, request.caller.customerId, () =>
        deps.webhooks.delete(change, nowMs),
      );
      if (!deleted) throw new HttpProblem('ENDPOINT_NOT_FOUND');
      return reply.code(204).send();
    },
  };
}

/** Changes that the owner makes to a webhook endpoint: a new secret, or enabling it again. */

import { compileCheck } from '../../../application/requests/validation.ts';
import type { ChangeOf } from '../../../application/webhooks/audited-changes.ts';
import { newWebhookSecret } from '../../../application/webhooks/webhook-store.ts';
import { bodyProblems, type Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { bodyOf, readBody } from '../../requests/read-request.ts';
import {
  overlapSecondsDefault,
  RotateRequest,
  WebhookEndpoint,
  WebhookEndpointWithSecret,
} from '../../schemas/webhook.ts';
import { atDatabase, databaseTime } from '../at-database.ts';
import { endpointIdParameter } from '../parameters.ts';
import type { Route, RouteDeps, RouteOf } from '../route.ts';
import { changeOf, findEndpoint, sendEndpoint } from './webhook-responses.ts';

export const rotateSecretOperation: Operation = {
  id: 'rotateWebhookSecret',
  method: 'POST',
  url: '/v1/webhook-endpoints/:id/rotate',
  summary: 'Replace the secret of a webhook endpoint',
  description:
    'During the overlap (one day by default) each request carries two signatures. One uses the new secret, the other uses the previous secret. Switch your receiver at any time during the overlap. Another rotation during the overlap ends the oldest secret at once.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [endpointIdParameter],
  body: { schema: RotateRequest, bytesMax: 1_024, required: false },
  responses: {
    200: {
      description: 'The endpoint with its new secret. The secret is shown only once.',
      schema: WebhookEndpointWithSecret,
      headers: ['ETag'],
    },
  },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'ENDPOINT_NOT_FOUND',
    'RATE_LIMITED',
    'STATE_UNAVAILABLE',
  ],
};

export const enableWebhookOperation: Operation = {
  id: 'enableWebhookEndpoint',
  method: 'POST',
  url: '/v1/webhook-endpoints/:id/enable',
  summary: 'Enable a disabled or paused webhook endpoint',
  description:
    'Events held while the endpoint was disabled are not sent. Redeliver that time range to get them. Events that waited while it was paused are sent now.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [endpointIdParameter],
  responses: { 200: { description: 'The enabled endpoint.', schema: WebhookEndpoint, headers: ['ETag'] } },
  problems: [...bodyProblems, 'ENDPOINT_NOT_FOUND', 'RATE_LIMITED', 'STATE_UNAVAILABLE'],
};

const nothingSaid: { overlapSeconds?: number } = {};

interface RotateInput {
  readonly change: ChangeOf;
  readonly overlapSeconds: number;
}

export function rotateSecret(deps: RouteDeps): RouteOf<RotateInput> {
  const check = compileCheck(RotateRequest);
  return {
    operation: rotateSecretOperation,
    read(request) {
      const change = changeOf(request);
      const rotation = bodyOf(request).length === 0 ? nothingSaid : readBody(request, check);
      return { change, overlapSeconds: rotation.overlapSeconds ?? overlapSecondsDefault };
    },
    async handler(request, reply, { change, overlapSeconds }) {
      const nowMs = await databaseTime(deps, request.caller.customerId);
      const secret = newWebhookSecret();
      const previousUntilMs = nowMs + overlapSeconds * 1000;
      const found = await atDatabase(deps, request.caller.customerId, () =>
        deps.webhooks.rotate(change, { secret, previousUntilMs }, nowMs),
      );
      if (!found) throw new HttpProblem('ENDPOINT_NOT_FOUND');
      const endpoint = await findEndpoint(deps, request, change.endpointId);
      return sendEndpoint(reply, 200, endpoint, { nowMs, secret });
    },
  };
}

export function enableWebhook(deps: RouteDeps): Route {
  return {
    operation: enableWebhookOperation,
    async handler(request, reply) {
      const change = changeOf(request);
      const nowMs = await databaseTime(deps, request.caller.customerId);
      const found = await atDatabase(deps, request.caller.customerId, () =>
        deps.webhooks.enable(change, nowMs),
      );
      if (!found) throw new HttpProblem('ENDPOINT_NOT_FOUND');
      const endpoint = await findEndpoint(deps, request, change.endpointId);
      return sendEndpoint(reply, 200, endpoint, { nowMs });
    },
  };
}

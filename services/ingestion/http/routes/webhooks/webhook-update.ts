/** Changes of a webhook endpoint: its URL, filter, description and status. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { compileCheck } from '../../../application/requests/validation.ts';
import type { ChangeOf } from '../../../application/webhooks/audited-changes.ts';
import type { EndpointUpdate } from '../../../application/webhooks/endpoint-update.ts';
import type { Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { headerProblem, readBody, validationProblem } from '../../requests/read-request.ts';
import { WebhookEndpoint, WebhookEndpointUpdate } from '../../schemas/webhook.ts';
import { atDatabase, databaseTime } from '../at-database.ts';
import { endpointIdParameter } from '../parameters.ts';
import type { RouteDeps, RouteOf } from '../route.ts';
import { changeOf, findEndpoint, sendEndpoint } from './webhook-responses.ts';

const versionTag = '"([0-9]{1,15})"';
const ifMatchForm = new RegExp(`^\\s*(?:\\*|${versionTag})\\s*$`);

export const updateWebhookOperation: Operation = {
  id: 'updateWebhookEndpoint',
  method: 'PATCH',
  url: '/v1/webhook-endpoints/:id',
  summary: 'Change, pause, resume or disable a webhook endpoint',
  description:
    'An absent member does not change. Pending deliveries go to the new URL. While the endpoint is `PAUSED`, its events are recorded and wait, as long as deliveries are kept. `ENABLED` sends them.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [
    endpointIdParameter,
    {
      in: 'header',
      name: 'If-Match',
      description: 'The `ETag` of the endpoint. If the endpoint has changed since, the request is refused.',
      required: false,
      schema: Type.String({ pattern: `^(?:\\*|${versionTag})$`, examples: ['"1767607200000"'] }),
    },
  ],
  body: { schema: WebhookEndpointUpdate, bytesMax: 16 * 1024, required: true },
  responses: { 200: { description: 'The changed endpoint.', schema: WebhookEndpoint, headers: ['ETag'] } },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'HEADER_INVALID',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'ENDPOINT_NOT_FOUND',
    'VERSION_STALE',
    'RATE_LIMITED',
    'STATE_UNAVAILABLE',
  ],
};

interface UpdateInput {
  readonly change: ChangeOf;
  readonly update: EndpointUpdate;
  /** The only version that may be changed; null for any. */
  readonly ifUpdatedAtMs: number | null;
}

export function updateWebhook(deps: RouteDeps): RouteOf<UpdateInput> {
  const check = compileCheck(WebhookEndpointUpdate);
  return {
    operation: updateWebhookOperation,
    read(request) {
      const change = changeOf(request);
      const { url, ...rest } = readBody(request, check) as EndpointUpdate;
      const ifUpdatedAtMs = readIfMatch(request);
      if (url === undefined) return { change, update: rest, ifUpdatedAtMs };
      const read = deps.readWebhookUrl(url);
      if (read.fault !== null) throw validationProblem([{ pointer: '/url', detail: read.fault }]);
      return { change, update: { ...rest, url: read.url }, ifUpdatedAtMs };
    },
    async handler(request, reply, { change, update, ifUpdatedAtMs }) {
      const { customerId } = request.caller;
      const nowMs = await databaseTime(deps, customerId);
      const done = await atDatabase(deps, customerId, () =>
        deps.webhooks.update(change, update, ifUpdatedAtMs, nowMs),
      );
      const endpoint = await findEndpoint(deps, request, change.endpointId);
      if (!done) throw new HttpProblem('VERSION_STALE');
      return sendEndpoint(reply, 200, endpoint, { nowMs });
    },
  };
}

function readIfMatch(request: FastifyRequest): number | null {
  const field = request.headers['if-match'];
  if (field === undefined) return null;
  const match = ifMatchForm.exec(field);
  if (match === null) throw headerProblem('If-Match', 'the ETag of the endpoint, or *');
  return match[1] === undefined ? null : Number(match[1]);
}

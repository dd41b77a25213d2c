/** The deliveries to a webhook endpoint, and their redelivery. */
import Type from 'typebox';
import type { ListPosition } from '../../../application/read/cursor.ts';
import { compileCheck } from '../../../application/requests/validation.ts';
import {
  type DeliveryPosition,
  deliveryStatuses,
  redeliveredMax,
  type WebhookDelivery as StoredDelivery,
} from '../../../application/webhooks/delivery-store.ts';
import { bodyProblems, type Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { openQuery, readBody, validationProblem } from '../../requests/read-request.ts';
import {
  RedeliverRequest,
  RedeliverResult,
  WebhookDelivery,
  WebhookDeliveryList,
} from '../../schemas/webhook.ts';
import { atDatabase, databaseTime } from '../at-database.ts';
import {
  cursorParameter,
  endpointIdParameter,
  limitParameter,
  positionOf,
  readChoice,
  readCursor,
  readLimit,
} from '../parameters.ts';
import type { Route, RouteDeps, RouteOf } from '../route.ts';
import { endpointIdOf, findEndpoint, idOf, ownerOf, sendJson, timeOf } from './webhook-responses.ts';

export const listDeliveriesOperation: Operation = {
  id: 'listWebhookDeliveries',
  method: 'GET',
  url: '/v1/webhook-endpoints/:id/deliveries',
  summary: 'List the deliveries of a webhook endpoint, newest first',
  description: 'One delivery per event, with its body and the result of its last attempt.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  parameters: [
    endpointIdParameter,
    limitParameter('Deliveries per page.'),
    cursorParameter(),
    {
      in: 'query',
      name: 'status',
      description: 'Only deliveries with this status.',
      required: false,
      schema: Type.String({ enum: [...deliveryStatuses] }),
    },
  ],
  responses: { 200: { description: 'One page of results.', schema: WebhookDeliveryList } },
  problems: ['VALIDATION_FAILED', 'CURSOR_UNKNOWN', 'ENDPOINT_NOT_FOUND', 'STATE_UNAVAILABLE'],
};

export const redeliverOperation: Operation = {
  id: 'redeliver',
  method: 'POST',
  url: '/v1/deliveries/:id/redeliver',
  summary: 'Redeliver one delivery',
  description:
    'Sends the delivery again, whatever its status, with a new set of attempts and the same `webhook-id`.',
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [
    {
      in: 'path',
      name: 'id',
      description: 'The id of the delivery.',
      required: true,
      schema: Type.String({ examples: ['4711'] }),
    },
  ],
  responses: { 202: { description: 'The delivery, queued again.', schema: WebhookDelivery } },
  problems: [...bodyProblems, 'DELIVERY_NOT_FOUND', 'ENDPOINT_DISABLED', 'RATE_LIMITED', 'STATE_UNAVAILABLE'],
};

export const redeliverRangeOperation: Operation = {
  id: 'redeliverRange',
  method: 'POST',
  url: '/v1/webhook-endpoints/:id/redeliver',
  summary: 'Redeliver the deliveries of a time range',
  description: `Sends all deliveries of the range again, whatever their status. The oldest come first, and one request sends at most ${redeliveredMax}. Each keeps its \`webhook-id\`, so a receiver that drops duplicates processes only the events that it missed.`,
  scope: 'webhooks:manage',
  admissionClass: 'read',
  charge: 'order',
  parameters: [endpointIdParameter],
  body: { schema: RedeliverRequest, bytesMax: 1_024, required: true },
  responses: { 202: { description: 'The deliveries are queued.', schema: RedeliverResult } },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'CURSOR_UNKNOWN',
    'ENDPOINT_NOT_FOUND',
    'ENDPOINT_DISABLED',
    'RATE_LIMITED',
    'STATE_UNAVAILABLE',
  ],
};

export function listDeliveries(deps: RouteDeps): Route {
  return {
    operation: listDeliveriesOperation,
    async handler(request, reply) {
      const query = openQuery(request);
      const limit = readLimit(query);
      const status = readChoice(query, 'status', deliveryStatuses);
      const cursor = readCursor(query);
      query.check();
      const { endpointId } = await findEndpoint(deps, request, endpointIdOf(request));
      const list = `deliveries|${endpointId}|${status ?? ''}`;
      const before = deliveryAt(positionOf(cursor, deps.cursors, list));
      // One extra row shows whether there is a next page.
      const found = await atDatabase(deps, request.caller.customerId, () =>
        deps.deliveries.list({ endpointId, status, limit: limit + 1, before }),
      );
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const next =
        found.length > limit && last !== undefined ? { nextCursor: issueCursor(deps, last, list) } : {};
      return sendJson(reply, 200, { items: items.map(deliveryResource), ...next });
    },
  };
}

const idForm = /^[1-9]\d{0,14}$/;

export function redeliver(deps: RouteDeps): Route {
  return {
    operation: redeliverOperation,
    async handler(request, reply) {
      const owner = ownerOf(request);
      const id = idOf(request);
      const delivery = idForm.test(id)
        ? await atDatabase(deps, request.caller.customerId, () => deps.deliveries.find(owner, Number(id)))
        : null;
      if (delivery === null) throw new HttpProblem('DELIVERY_NOT_FOUND');
      if (!delivery.isEnabled) throw new HttpProblem('ENDPOINT_DISABLED');
      const nowMs = await databaseTime(deps, request.caller.customerId);
      await atDatabase(deps, request.caller.customerId, () =>
        deps.deliveries.redeliver(delivery.deliveryId, nowMs),
      );
      const due = { ...delivery, status: 'PENDING', attempts: 0, dueAtMs: nowMs } as const;
      return sendJson(reply, 202, deliveryResource(due));
    },
  };
}

interface RangeInput {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cursor: string | undefined;
}

export function redeliverRange(deps: RouteDeps): RouteOf<RangeInput> {
  const check = compileCheck(RedeliverRequest);
  return {
    operation: redeliverRangeOperation,
    read(request) {
      const { from, to, cursor } = readBody(request, check);
      const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
      if (!(fromMs < toMs)) throw validationProblem([{ pointer: '/to', detail: 'must be later than from' }]);
      return { fromMs, toMs, cursor };
    },
    async handler(request, reply, { fromMs, toMs, cursor }) {
      const { endpointId, isEnabled } = await findEndpoint(deps, request, endpointIdOf(request));
      if (!isEnabled) throw new HttpProblem('ENDPOINT_DISABLED');
      const range = `redeliver|${endpointId}|${fromMs}|${toMs}`;
      const after = cursor === undefined ? null : deliveryAt(deps.cursors.read(cursor, range));
      if (cursor !== undefined && after === null) throw new HttpProblem('CURSOR_UNKNOWN');
      const nowMs = await databaseTime(deps, request.caller.customerId);
      const { count, next } = await atDatabase(deps, request.caller.customerId, () =>
        deps.deliveries.redeliverRange({ endpointId, fromMs, toMs, after }, nowMs),
      );
      const rest = next === null ? {} : { nextCursor: issueCursor(deps, next, range) };
      return sendJson(reply, 202, { count, ...rest });
    },
  };
}

/** Uses the cursors of order lists. They contain a time and then a number that only grows. */
function issueCursor(
  { cursors }: Pick<RouteDeps, 'cursors'>,
  { createdAtMs, deliveryId }: DeliveryPosition,
  list: string,
): string {
  return cursors.issue({ createdAtMs, orderKey: deliveryId }, list);
}

function deliveryAt(position: ListPosition | null): DeliveryPosition | null {
  return position === null ? null : { createdAtMs: position.createdAtMs, deliveryId: position.orderKey };
}

export function deliveryResource(delivery: StoredDelivery): object {
  const { status, lastStatus, lastError, deliveredAtMs } = delivery;
  return {
    id: String(delivery.deliveryId),
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    orderId: delivery.orderId,
    version: delivery.orderVersion,
    status,
    attempts: delivery.attempts,
    ...(lastStatus === null ? {} : { lastStatus }),
    ...(lastError === null ? {} : { lastError }),
    ...(status === 'PENDING' ? { nextAttemptAt: timeOf(delivery.dueAtMs) } : {}),
    createdAt: timeOf(delivery.createdAtMs),
    ...(deliveredAtMs === null ? {} : { deliveredAt: timeOf(deliveredAtMs) }),
    payload: JSON.parse(delivery.payload) as unknown,
  };
}

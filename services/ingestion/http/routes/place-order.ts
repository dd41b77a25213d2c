import type { FastifyRequest } from 'fastify';
import { placeOrder as place } from '../../application/orders/place-order.ts';
import { OrderRequest } from '../../application/requests/order-request.ts';
import { type Check, compileCheck } from '../../application/requests/validation.ts';
import { encodeSubmission, type OrderSubmission } from '../../application/submit/order-submission.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { traceparentOf } from '../problems.ts';
import { orderBytesMax } from '../requests/bodies.ts';
import { patienceOf, setPreferenceApplied } from '../requests/patience.ts';
import { readBody } from '../requests/read-request.ts';
import { requireIdempotencyKey } from '../requests/require-key.ts';
import { sendAccepted, sendOrder, showOrder } from '../responses.ts';
import { Accepted, Order } from '../schemas/order-resource.ts';
import { idempotencyKeyParameter, preferParameter, traceparentParameter } from './parameters.ts';
import type { RouteDeps, RouteOf } from './route.ts';

export const placeOrderOperation: Operation = {
  id: 'placeOrder',
  method: 'POST',
  url: '/v1/orders',
  summary: 'Place an order',
  description:
    'Returns as soon as the order is durable in Kafka. Idempotent: repeating the same key and body always returns the same order. ' +
    'If two bodies arrive with one key at the same moment, the first in the log is the order. Both can get 202, and `statusUrl` then shows that order. Compare it with your request, repeat the request, or send `Prefer: wait`. The other body then gets 422.',
  scope: 'orders:write',
  admissionClass: 'write',
  flags: ['intake'],
  charge: 'order',
  sealsBody: true,
  parameters: [idempotencyKeyParameter, preferParameter, traceparentParameter],
  body: { schema: OrderRequest, bytesMax: orderBytesMax, required: true },
  responses: {
    202: {
      description: 'The order is accepted and will get exactly one outcome.',
      schema: Accepted,
      headers: ['Location', 'Retry-After', 'Idempotent-Replayed?', 'RateLimit', 'RateLimit-Policy'],
      example: {
        id: '3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11',
        status: 'QUEUED',
        statusUrl: '/v1/orders/3f6c1f0e-9d1b-8c53-a0f4-5a0e6f3c2b11?t=7.1042.Zm9vYmFyYmF6cXV4cXV1eA',
        queue: { ahead: 3, etaMs: 45 },
      },
    },
    200: {
      description: 'The decided order, after `Prefer: wait` or if the order was already placed.',
      schema: Order,
      headers: [
        'ETag',
        'Retry-After?',
        'Preference-Applied?',
        'Idempotent-Replayed?',
        'RateLimit',
        'RateLimit-Policy',
      ],
    },
  },
  problems: [
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'IDEMPOTENCY_KEY_MISSING',
    'IDEMPOTENCY_KEY_INVALID',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'KEY_REUSED',
    'RATE_LIMITED',
    'NOT_PRODUCED',
    'OUTCOME_UNKNOWN',
    'INTAKE_OFF',
  ],
};

export function placeOrder(deps: RouteDeps): RouteOf<OrderSubmission> {
  const check = compileCheck(OrderRequest);
  return {
    operation: placeOrderOperation,
    read: (request) => readOrder(deps, request, check),
    async handler(request, reply, submission) {
      const { customerId } = request.caller;
      const { orderId: id } = submission;
      const patience = patienceOf(request, reply);
      const placed = orProblem(await place(deps, submission, customerId, patience));
      if (placed.replayed) reply.header('idempotent-replayed', 'true');
      if (placed.kind === 'accepted')
        return sendAccepted(deps, reply, { id, customerId, position: placed.position });
      if (placed.waited) setPreferenceApplied(reply, patience);
      return sendOrder(reply, showOrder(deps, placed.state, id, customerId), 200);
    },
  };
}

function readOrder(deps: RouteDeps, request: FastifyRequest, check: Check<OrderRequest>): OrderSubmission {
  const idempotencyKey = requireIdempotencyKey(request);
  const order = readBody(request, check);
  const { customerId } = request.caller;
  const { customerKey } = request;
  const traceparent = traceparentOf(request);
  return encodeSubmission(deps, { customerId, idempotencyKey, order, traceparent, customerKey });
}

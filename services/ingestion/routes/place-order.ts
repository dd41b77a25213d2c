import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OrderEvent } from '../../../schemas/index.ts';
import { sendAccepted, sendOrder, showOrder } from '../answers.ts';
import { orderOfEvent } from '../decided-order.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { readIdempotencyKey } from '../idempotency-key.ts';
import type { Operation } from '../operation.ts';
import { orderIdOf } from '../order-id.ts';
import { preferredWaitSeconds } from '../prefer.ts';
import { HttpProblem, traceparentOf } from '../problems.ts';
import { takeOrders } from '../rate-check.ts';
import { readBody } from '../read-request.ts';
import { OrderRequest } from '../shapes/order-request.ts';
import { Accepted, Order } from '../shapes/order-resource.ts';
import type { OrderState } from '../status.ts';
import type { Submitted } from '../submissions.ts';
import type { PlaceWish } from '../to-command.ts';
import { type Check, compileCheck } from '../validation.ts';
import type { Wait } from '../waits.ts';
import { idempotencyKeyParameter, preferParameter, traceparentParameter } from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const orderBytesMax = 64 * 1024;

export const placeOrderOperation: Operation = {
  id: 'placeOrder',
  method: 'POST',
  url: '/v1/orders',
  summary: 'Place an order',
  description:
    'Answers as soon as the order is safely in the log. The same key and body again give the same order, for ever and however often.',
  scope: 'orders:write',
  share: 'write',
  parameters: [idempotencyKeyParameter, preferParameter, traceparentParameter],
  body: { schema: OrderRequest, bytesMax: orderBytesMax, required: true },
  answers: {
    202: {
      description: 'Accepted: the order will reach its outcome, exactly one.',
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
      description: 'The outcome, after `Prefer: wait`, or of an order that was placed before.',
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
  ],
};

export function placeOrder(deps: RouteDeps): Route {
  const check = compileCheck(OrderRequest);
  return {
    operation: placeOrderOperation,
    async handler(request, reply) {
      const leasing = takeOrders(deps.rates, request, reply, 1);
      if (leasing !== undefined) await leasing;
      const wish = readPlace(request, check);
      const waitSeconds = preferredWaitSeconds(request.headers['prefer']);
      if (waitSeconds > 0) return placeAndWait(deps, request, reply, wish, waitSeconds);
      const submitted = await deps.submit(wish);
      if (submitted.replayed) return answerReplay(deps, request, reply, submitted);
      return sendAccepted(deps, reply, {
        id: wish.orderId,
        customerId: wish.customerId,
        position: submitted.position,
      });
    },
  };
}

function readPlace(request: FastifyRequest, check: Check<OrderRequest>): PlaceWish {
  const field = request.headers['idempotency-key'];
  if (field === undefined) throw new HttpProblem('IDEMPOTENCY_KEY_MISSING');
  const idempotencyKey = typeof field === 'string' ? readIdempotencyKey(field) : null;
  if (idempotencyKey === null) throw new HttpProblem('IDEMPOTENCY_KEY_INVALID');
  const order = readBody(request, check);
  const { customerId } = request.caller;
  return {
    orderId: orderIdOf(customerId, idempotencyKey),
    customerId,
    idempotencyKey,
    fingerprint: fingerprintOf(order),
    order,
    traceparent: traceparentOf(request),
  };
}

/** Listens before it produces, so that no outcome can be missed. */
async function placeAndWait(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  wish: PlaceWish,
  waitSeconds: number,
): Promise<FastifyReply> {
  const wait = deps.waits.open(wish.orderId);
  if (wait !== null) reply.raw.once('close', () => wait.close());
  try {
    const submitted = await deps.submit(wish);
    if (submitted.replayed) {
      const decided = await awaitKnown(deps, wait, wish, submitted, waitSeconds * 1000);
      return await answerReplay(deps, request, reply, submitted, decided);
    }
    const outcome = await awaitOutcome(wait, submitted, waitSeconds * 1000);
    if (outcome !== null) {
      const { orderId, customerId } = wish;
      const state = await stateAfter(deps, wish, submitted, outcome);
      if (state.kind !== 'missing' && state.kind !== 'queued') {
        reply.header('preference-applied', `wait=${waitSeconds}`);
        return sendOrder(reply, showOrder(deps, state, orderId, customerId), 200);
      }
    }
    return sendAccepted(deps, reply, {
      id: wish.orderId,
      customerId: wish.customerId,
      position: submitted.position,
    });
  } finally {
    wait?.close();
  }
}

/** The outcome of the place; null at the end of the time, and at once when too many wait. */
async function awaitOutcome(
  wait: Wait | null,
  { position }: Submitted,
  timeoutMs: number,
): Promise<OrderEvent | null> {
  if (wait === null) return null;
  return wait.until((event) => event.version > 0 || event.sourceOffset >= position.offset, timeoutMs);
}

/** True once an order that was placed before has its outcome. */
async function awaitKnown(
  deps: RouteDeps,
  wait: Wait | null,
  { orderId, customerId }: PlaceWish,
  submitted: Submitted,
  timeoutMs: number,
): Promise<boolean> {
  const state = await deps.readStatus({ orderId, customerId, ticket: submitted.position });
  return state.kind !== 'queued' || (await awaitOutcome(wait, submitted, timeoutMs)) !== null;
}

/** The order after its outcome: out of the event itself where that tells all of it, so that who waits costs the stores nothing. */
async function stateAfter(
  deps: RouteDeps,
  { orderId, customerId }: PlaceWish,
  { position }: Submitted,
  outcome: OrderEvent,
): Promise<OrderState> {
  const order = orderOfEvent(outcome);
  const isNewest =
    order?.customerId === customerId && deps.noteShown(orderId, order.version) === order.version;
  if (order !== null && isNewest) return { kind: 'known', order };
  return deps.readStatus({ orderId, customerId, ticket: position, fresh: true });
}

/** The same place again: 202 while it is queued, else 200 with the order as it stands. */
async function answerReplay(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { orderId, position }: Submitted,
  fresh = false,
): Promise<FastifyReply> {
  const { customerId } = request.caller;
  reply.header('idempotent-replayed', 'true');
  const state = await deps.readStatus({ orderId, customerId, ticket: position, fresh });
  if (state.kind === 'queued' || state.kind === 'missing') {
    return sendAccepted(deps, reply, { id: orderId, customerId, position });
  }
  return sendOrder(reply, showOrder(deps, state, orderId, customerId), 200);
}

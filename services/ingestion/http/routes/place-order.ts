import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OrderEvent } from '../../../../schemas/index.ts';
import { Failure } from '../../application/common/failure.ts';
import type { LogPosition } from '../../application/common/ticket.ts';
import { orderOfEvent } from '../../application/read/decided-order.ts';
import type { OrderState } from '../../application/read/status.ts';
import { encodeSubmission, type OrderSubmission } from '../../application/submit/order-submission.ts';
import type { Wait } from '../../application/wait/waits.ts';
import { orProblem, problemOf } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { preferredWaitSeconds } from '../prefer.ts';
import { HttpProblem, traceparentOf } from '../problems.ts';
import { orderBytesMax } from '../requests/bodies.ts';
import { requireIdempotencyKey } from '../requests/idempotency-key.ts';
import { readBody } from '../requests/read-request.ts';
import { sendAccepted, sendOrder, showOrder } from '../responses.ts';
import { OrderRequest } from '../schemas/order-request.ts';
import { Accepted, Order } from '../schemas/order-resource.ts';
import { type Check, compileCheck } from '../validation.ts';
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
  ],
};

export function placeOrder(deps: RouteDeps): RouteOf<OrderSubmission> {
  const check = compileCheck(OrderRequest);
  return {
    operation: placeOrderOperation,
    read: (request) => readOrder(deps, request, check),
    async handler(request, reply, submission) {
      const waitSeconds = preferredWaitSeconds(request.headers['prefer']);
      if (waitSeconds > 0) return placeAndWait(deps, request, reply, submission, waitSeconds);
      const { customerId } = request.caller;
      const { orderId } = submission;
      const [result] = await deps.submit([submission]);
      const { position, replayed } = orProblem(result!);
      if (replayed) return sendReplay(deps, reply, submission, { orderId, customerId, position });
      return sendAccepted(deps, reply, { id: orderId, customerId, position });
    },
  };
}

/** An order in the log, and its owner. */
interface Logged {
  readonly orderId: string;
  readonly customerId: string;
  readonly position: LogPosition;
}

function readOrder(deps: RouteDeps, request: FastifyRequest, check: Check<OrderRequest>): OrderSubmission {
  const idempotencyKey = requireIdempotencyKey(request);
  const order = readBody(request, check);
  const { customerId } = request.caller;
  const { customerKey } = request;
  const traceparent = traceparentOf(request);
  return encodeSubmission(deps, { customerId, idempotencyKey, order, traceparent, customerKey });
}

/** Subscribes before it produces, so that it misses no outcome. */
async function placeAndWait(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  submission: OrderSubmission,
  waitSeconds: number,
): Promise<FastifyReply> {
  const { orderId } = submission;
  const { customerId } = request.caller;
  const wait = deps.waits.open(orderId, customerId);
  if (wait !== null) reply.raw.once('close', () => wait.close());
  try {
    const [result] = await deps.submit([submission]);
    const { position, replayed } = orProblem(result!);
    const logged = { orderId, customerId, position };
    if (replayed) {
      const decided = await awaitKnown(deps, wait, logged, waitSeconds * 1000);
      return await sendReplay(deps, reply, submission, logged, decided);
    }
    const outcome = await awaitOwnOutcome(wait, position, waitSeconds * 1000);
    if (outcome !== null && (await isOwn(deps, submission, position, outcome))) {
      const state = await stateAfter(deps, logged, outcome);
      if (state.kind !== 'queued') {
        reply.header('preference-applied', `wait=${waitSeconds}`);
        return sendOrder(reply, showOrder(deps, state, orderId, customerId), 200);
      }
    }
    return sendAccepted(deps, reply, { id: orderId, customerId, position });
  } finally {
    wait?.close();
  }
}

/**
 * The outcome of this submission, or a later one. Null after the timeout, or at once if too many clients wait.
 */
async function awaitOwnOutcome(
  wait: Wait | null,
  { offset }: LogPosition,
  timeoutMs: number,
): Promise<OrderEvent | null> {
  return wait === null ? null : wait.until((event) => event.sourceOffset >= offset, timeoutMs);
}

/**
 * False while it is unknown which body became the order. Throws KEY_REUSED if another body with the same key was
 * the first in the log.
 */
async function isOwn(
  deps: RouteDeps,
  submission: OrderSubmission,
  { offset }: LogPosition,
  { sourceOffset, outcome }: OrderEvent,
): Promise<boolean> {
  if (sourceOffset === offset) {
    if (outcome === 'KEY_CONFLICT') throw new HttpProblem('KEY_REUSED');
    return true;
  }
  const isSame = await deps.isOrderOf(submission);
  if (isSame === false) throw new HttpProblem('KEY_REUSED');
  return isSame === true;
}

/** The outcome of the order. Null after the timeout, or at once if too many clients wait. */
async function awaitOutcome(
  wait: Wait | null,
  position: LogPosition,
  timeoutMs: number,
): Promise<OrderEvent | null> {
  if (wait === null) return null;
  return wait.until((event) => event.version > 0 || event.sourceOffset >= position.offset, timeoutMs);
}

/** True once an order that was placed before has its outcome. */
async function awaitKnown(
  deps: RouteDeps,
  wait: Wait | null,
  logged: Logged,
  timeoutMs: number,
): Promise<boolean> {
  const state = await stateOfReplay(deps, logged, false);
  if (state === 'lost' || state.kind !== 'queued') return true;
  return (await awaitOutcome(wait, logged.position, timeoutMs)) !== null;
}

/** The order after its outcome. If the event has the whole order, the stores are not read. */
async function stateAfter(deps: RouteDeps, logged: Logged, outcome: OrderEvent): Promise<OrderState> {
  const { orderId, customerId, position } = logged;
  const order = orderOfEvent(outcome);
  const isNewest =
    order?.customerId === customerId && deps.noteShown(orderId, order.version) === order.version;
  if (order !== null && isNewest) return { kind: 'known', order };
  const state = await deps.readStatus({ orderId, customerId, ticket: position, fresh: true });
  return orQueued(state, position);
}

/** An order that is in the log and in no store yet is queued. Throws the problem of any other failure. */
function orQueued(state: OrderState | Failure, position: LogPosition): OrderState {
  if (!(state instanceof Failure)) return state;
  if (state.code === 'NOT_FOUND') return { kind: 'queued', position };
  throw problemOf(state);
}

/**
 * A repeated order: 202 while it is queued, then 200 with its current state. A lost order is submitted again,
 * because a retry must not succeed only from a cache.
 */
async function sendReplay(
  deps: RouteDeps,
  reply: FastifyReply,
  submission: OrderSubmission,
  logged: Logged,
  fresh = false,
): Promise<FastifyReply> {
  const { orderId, customerId, position } = logged;
  const state = await stateOfReplay(deps, logged, fresh);
  if (state === 'lost') {
    const [again] = await deps.submit([submission], { anew: true });
    return sendAccepted(deps, reply, { id: orderId, customerId, position: orProblem(again!).position });
  }
  // The remembered body may have lost the key to another body.
  const isSame = state.kind === 'known' ? await deps.isOrderOf(submission) : null;
  if (isSame === false) throw new HttpProblem('KEY_REUSED');
  reply.header('idempotent-replayed', 'true');
  if (state.kind === 'queued' || (state.kind === 'known' && isSame === null)) {
    return sendAccepted(deps, reply, { id: orderId, customerId, position });
  }
  return sendOrder(reply, showOrder(deps, state, orderId, customerId), 200);
}

async function stateOfReplay(
  deps: RouteDeps,
  { orderId, customerId, position }: Logged,
  fresh: boolean,
): Promise<OrderState | 'lost'> {
  const state = await deps.readStatus({ orderId, customerId, ticket: position, fresh });
  if (state instanceof Failure && state.code === 'ORDER_LOST') return 'lost';
  return orQueued(state, position);
}

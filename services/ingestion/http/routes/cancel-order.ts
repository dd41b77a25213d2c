import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { cancelOrder as cancel } from '../../application/orders/cancel-order.ts';
import type { OrderAddress } from '../../application/read/order-address.ts';
import { CancelRequest } from '../../application/requests/order-request.ts';
import { compileCheck } from '../../application/requests/validation.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { oneEtagPattern, readEtags } from '../prefer.ts';
import { traceparentOf } from '../problems.ts';
import { patienceOf, setPreferenceApplied } from '../requests/patience.ts';
import { bodyOf, headerProblem, readAnyAddress, readBody } from '../requests/read-request.ts';
import { sendOrder, showOrder } from '../responses.ts';
import { Order } from '../schemas/order-resource.ts';
import { orderIdParameter, preferParameter, ticketParameter, traceparentParameter } from './parameters.ts';
import type { RouteDeps, RouteOf } from './route.ts';

export const cancelOrderOperation: Operation = {
  id: 'cancelOrder',
  method: 'POST',
  url: '/v1/orders/:id/cancel',
  summary: 'Request cancellation of an order',
  description:
    'Idempotent without a key: a repeated request is the same command. The command is processed after all earlier commands for the order. The order and its history show the result. An operator can also cancel the rest of an order that is shipped in part.',
  scope: 'orders:write',
  isForOperators: true,
  admissionClass: 'write',
  charge: 'order',
  parameters: [
    orderIdParameter,
    ticketParameter,
    preferParameter,
    traceparentParameter,
    {
      in: 'header',
      name: 'If-Match',
      description: 'Cancel the order only at this version. Any other version is refused.',
      required: false,
      schema: Type.String({ pattern: oneEtagPattern, examples: ['"1"'] }),
    },
  ],
  body: { schema: CancelRequest, bytesMax: 16 * 1024, required: false },
  responses: {
    202: {
      description: 'The cancel request is durable in Kafka. The body is the current state of the order.',
      schema: Order,
      headers: ['ETag', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
    },
    200: {
      description: 'The order after the cancel request was processed (with `Prefer: wait`).',
      schema: Order,
      headers: ['ETag', 'Retry-After?', 'Preference-Applied?', 'RateLimit', 'RateLimit-Policy'],
    },
  },
  problems: [
    'NOT_FOUND',
    'ORDER_LOST',
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'HEADER_INVALID',
    'VERSION_STALE',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'RATE_LIMITED',
    'NOT_PRODUCED',
    'OUTCOME_UNKNOWN',
    'STATE_UNAVAILABLE',
  ],
};

interface CancelInput {
  readonly address: OrderAddress;
  readonly reason: string | null;
  /** The only version that may be cancelled; null for any. */
  readonly version: number | null;
}

const nothingSaid: CancelRequest = {};
const readAgainSeconds = '1';

export function cancelOrder(deps: RouteDeps): RouteOf<CancelInput> {
  const check = compileCheck(CancelRequest);
  return {
    operation: cancelOrderOperation,
    read(request) {
      const address = readAnyAddress(request, deps.tickets);
      const { reason = null } = bodyOf(request).length === 0 ? nothingSaid : readBody(request, check);
      return { address, reason, version: readIfMatch(request) };
    },
    async handler(request, reply, input) {
      const { orderId, customerId } = input.address;
      const patience = patienceOf(request, reply);
      const traceparent = traceparentOf(request);
      const { state, processed } = orProblem(await cancel(deps, { ...input, traceparent }, patience));
      const shown = showOrder(deps, state, orderId, customerId);
      if (!processed) {
        const retryAfterSeconds = shown.retryAfterSeconds ?? readAgainSeconds;
        return sendOrder(reply, { ...shown, retryAfterSeconds }, 202);
      }
      setPreferenceApplied(reply, patience);
      return sendOrder(reply, shown, 200);
    },
  };
}

function readIfMatch(request: FastifyRequest): number | null {
  const field = request.headers['if-match'];
  if (field === undefined) return null;
  const versions = readEtags(field);
  if (versions === null || (versions !== 'any' && versions.length !== 1)) {
    throw headerProblem('If-Match', 'one entity tag such as "1", or *');
  }
  return versions === 'any' ? null : versions[0]!;
}

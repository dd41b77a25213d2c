import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { OrderState } from '../../application/read/status.ts';
import { sealedMessage } from '../../application/sealing/sealed-message.ts';
import { appendOne } from '../../application/submit/command-log.ts';
import { cancelCommand } from '../../application/submit/to-command.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { oneEtagPattern, preferredWaitSeconds, readEtags } from '../prefer.ts';
import { HttpProblem, traceparentOf } from '../problems.ts';
import {
  bodyOf,
  headerProblem,
  type OrderAddress,
  readAnyAddress,
  readBody,
} from '../requests/read-request.ts';
import { sendOrder, showOrder } from '../responses.ts';
import { CancelRequest } from '../schemas/order-request.ts';
import { Order } from '../schemas/order-resource.ts';
import { compileCheck } from '../validation.ts';
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
  readonly versions: 'any' | readonly number[];
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
      return { address, reason, versions: readIfMatch(request) };
    },
    async handler(request, reply, { address, reason, versions }) {
      const state = orProblem(await deps.readStatus(address));
      const expectedVersion = expectVersion(state, versions);
      const { orderId, customerId, isOperator = false } = address;
      const traceparent = traceparentOf(request);
      const command = cancelCommand(
        { orderId, customerId, isOperator, reason, expectedVersion, traceparent },
        deps.nowMs(),
      );
      return cancel(deps, request, reply, { address, state, command });
    },
  };
}

interface Cancel {
  readonly address: OrderAddress;
  readonly state: OrderState;
  readonly command: ReturnType<typeof cancelCommand>;
}

async function cancel(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { address, state, command }: Cancel,
): Promise<FastifyReply> {
  const { orderId, customerId } = address;
  const waitSeconds = preferredWaitSeconds(request.headers['prefer']);
  const wait = waitSeconds > 0 ? deps.waits.open(orderId, customerId) : null;
  if (wait !== null) reply.raw.once('close', () => wait.close());
  try {
    const message = orProblem(await sealedMessage(deps, command));
    const { offset } = orProblem(await appendOne(deps.commandLog, message));
    const event = await wait?.until(({ sourceOffset }) => sourceOffset >= offset, waitSeconds * 1000);
    if (event === null || event === undefined) {
      const shown = showOrder(deps, state, orderId, customerId);
      return sendOrder(
        reply,
        { ...shown, retryAfterSeconds: shown.retryAfterSeconds ?? readAgainSeconds },
        202,
      );
    }
    const decided = orProblem(await deps.readStatus({ ...address, fresh: true }));
    reply.header('preference-applied', `wait=${waitSeconds}`);
    return sendOrder(reply, showOrder(deps, decided, orderId, customerId), 200);
  } finally {
    wait?.close();
  }
}

function readIfMatch(request: FastifyRequest): 'any' | readonly number[] {
  const field = request.headers['if-match'];
  if (field === undefined) return 'any';
  const versions = readEtags(field);
  if (versions === null || (versions !== 'any' && versions.length !== 1)) {
    throw headerProblem('If-Match', 'one entity tag such as "1", or *');
  }
  return versions;
}

/** Refuses a version that is already stale. The worker refuses a version that becomes stale later. */
function expectVersion(state: OrderState, versions: 'any' | readonly number[]): number | null {
  if (versions === 'any') return null;
  const version = state.kind === 'known' ? state.order.version : 0;
  const expected = versions[0]!;
  // The next version of a queued order is 1 for every outcome.
  if (expected === version || (version === 0 && expected === 1)) return Math.max(1, expected);
  throw new HttpProblem('VERSION_STALE', `The order is at version ${version}.`);
}

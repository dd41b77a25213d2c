import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { OrderState } from '../../application/read/status.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { etagOf, etagsPattern, preferredWaitSeconds, readEtags } from '../prefer.ts';
import { headerProblem, type OrderAddress, openQuery, readAnyAddress } from '../requests/read-request.ts';
import { sendOrder, showOrder } from '../responses.ts';
import { Order } from '../schemas/order-resource.ts';
import { atDatabase } from './at-database.ts';
import {
  includeParameter,
  orderIdParameter,
  preferParameter,
  readInclude,
  ticketParameter,
} from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const getOrderOperation: Operation = {
  id: 'getOrder',
  method: 'GET',
  url: '/v1/orders/:id',
  summary: 'Get the state of an order',
  description:
    'With `If-None-Match` and `Prefer: wait` this is a long poll: the server responds when the version changes.',
  scope: 'orders:read',
  isForOperators: true,
  admissionClass: 'read',
  parameters: [
    orderIdParameter,
    ticketParameter,
    includeParameter,
    preferParameter,
    {
      in: 'header',
      name: 'If-None-Match',
      description: 'The `ETag` of the state that you already have.',
      required: false,
      schema: Type.String({ pattern: etagsPattern, examples: ['"1"'] }),
    },
  ],
  responses: {
    200: {
      description: 'The current state of the order, including QUEUED.',
      schema: Order,
      headers: ['ETag', 'Retry-After?', 'Preference-Applied?'],
    },
    304: { description: 'The order has not changed. You have the current version.', headers: ['ETag'] },
  },
  problems: ['NOT_FOUND', 'ORDER_LOST', 'HEADER_INVALID', 'VALIDATION_FAILED', 'STATE_UNAVAILABLE'],
};

export function getOrder(deps: RouteDeps): Route {
  return {
    operation: getOrderOperation,
    async handler(request, reply) {
      const query = openQuery(request);
      const withDetails = readInclude(query);
      const address = { ...readAnyAddress(request, deps.tickets, query), withDetails };
      const has = readIfNoneMatch(request);
      const waitSeconds = preferredWaitSeconds(request.headers['prefer']);
      const state = await readState(deps, address, has);
      if (!isNews(state, has, waitSeconds) && waitSeconds > 0) {
        return waitForNews(deps, reply, address, { state, has, waitSeconds });
      }
      return answer(deps, reply, address, state, has);
    },
  };
}

/** The requested order, with or without the details that the customer sent. */
type Asked = OrderAddress & { readonly withDetails: boolean };

type Known = 'any' | readonly number[];
const nothing: readonly number[] = [];

function readIfNoneMatch(request: FastifyRequest): Known {
  const field = request.headers['if-none-match'];
  if (field === undefined) return nothing;
  const has = readEtags(field);
  if (has === null) throw headerProblem('If-None-Match', 'a list of entity tags such as "1"');
  return has;
}

async function readState(deps: RouteDeps, address: OrderAddress, has: Known, fresh = false) {
  const floor = has === 'any' ? 0 : Math.max(0, ...has);
  return orProblem(await deps.readStatus({ ...address, floor, fresh }));
}

function versionOf(state: OrderState): number {
  return state.kind === 'known' ? state.order.version : 0;
}

function matches(state: OrderState, has: Known): boolean {
  return has === 'any' || has.includes(versionOf(state));
}

/**
 * Whether the state is new for the client. A waiting client without a version has seen no outcome, so only a queued
 * order is not new.
 */
function isNews(state: OrderState, has: Known, waitSeconds: number): boolean {
  if (matches(state, has)) return false;
  return !(waitSeconds > 0 && has === nothing && state.kind === 'queued');
}

async function waitForNews(
  deps: RouteDeps,
  reply: FastifyReply,
  address: Asked,
  { state, has, waitSeconds }: { state: OrderState; has: Known; waitSeconds: number },
): Promise<FastifyReply> {
  const wait = deps.waits.open(address.orderId, address.customerId);
  if (wait === null) return answer(deps, reply, address, state, has);
  reply.raw.once('close', () => wait.close());
  try {
    // Reads the state once more after the subscription, because the change may have happened in between.
    let now = await readState(deps, address, has, true);
    if (!isNews(now, has, waitSeconds)) {
      const seen = versionOf(now);
      const { ticket } = address;
      const ownOffset =
        typeof ticket === 'object' && ticket !== null ? ticket.offset : Number.MAX_SAFE_INTEGER;
      await wait.until(
        (event) => event.version > seen || event.sourceOffset >= ownOffset,
        waitSeconds * 1000,
      );
      now = await readState(deps, address, has, true);
    }
    reply.header('preference-applied', `wait=${waitSeconds}`);
    return answer(deps, reply, address, now, has);
  } finally {
    wait.close();
  }
}

async function answer(
  deps: RouteDeps,
  reply: FastifyReply,
  { orderId, customerId, withDetails }: Asked,
  state: OrderState,
  has: Known,
): Promise<FastifyReply> {
  if (matches(state, has))
    return reply
      .code(304)
      .header('etag', etagOf(versionOf(state)))
      .send();
  const shown = showOrder(deps, state, orderId, customerId);
  if (!withDetails || state.kind !== 'known') return sendOrder(reply, shown, 200);
  // The cache has no personal data, so the details come from the database. An operator is not the owner.
  const { customerId: ownerId } = state.order;
  const details = await atDatabase(deps, customerId, () => deps.store.details(ownerId, [orderId]));
  reply.header('cache-control', 'no-store');
  return sendOrder(reply, { ...shown, body: { ...shown.body, ...details.get(orderId) } }, 200);
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  hasVersion,
  noVersions,
  getOrder as read,
  type SeenVersions,
  versionOf,
} from '../../application/orders/get-order.ts';
import type { OrderAddress } from '../../application/read/order-address.ts';
import type { OrderState } from '../../application/read/status.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { etagOf, etagsPattern, readEtags } from '../prefer.ts';
import { patienceOf, setPreferenceApplied } from '../requests/patience.ts';
import { headerProblem, openQuery, readAnyAddress } from '../requests/read-request.ts';
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
      const address = readAnyAddress(request, deps.tickets, query);
      const seen = readIfNoneMatch(request);
      const patience = patienceOf(request, reply);
      const { state, waited } = orProblem(await read(deps, address, seen, patience));
      if (waited) setPreferenceApplied(reply, patience);
      const version = versionOf(state);
      if (hasVersion(seen, version)) return reply.code(304).header('etag', etagOf(version)).send();
      return answer(deps, reply, address, state, withDetails);
    },
  };
}

function readIfNoneMatch(request: FastifyRequest): SeenVersions {
  const field = request.headers['if-none-match'];
  if (field === undefined) return noVersions;
  const seen = readEtags(field);
  if (seen === null) throw headerProblem('If-None-Match', 'a list of entity tags such as "1"');
  return seen;
}

async function answer(
  deps: RouteDeps,
  reply: FastifyReply,
  { orderId, customerId }: OrderAddress,
  state: OrderState,
  withDetails: boolean,
): Promise<FastifyReply> {
  const shown = showOrder(deps, state, orderId, customerId);
  if (!withDetails || state.kind !== 'known') return sendOrder(reply, shown, 200);
  // The cache has no personal data, so the details come from the database. An operator is not the owner.
  const { customerId: ownerId } = state.order;
  const details = await atDatabase(deps, customerId, () => deps.store.details(ownerId, [orderId]));
  reply.header('cache-control', 'no-store');
  return sendOrder(reply, { ...shown, body: { ...shown.body, ...details.get(orderId) } }, 200);
}

import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type OrderStatus, orderResource, orderStatuses } from '../../domain/index.ts';
import { jsonMediaType, showOrder } from '../answers.ts';
import type { Operation } from '../operation.ts';
import { HttpProblem } from '../problems.ts';
import { queryOf, queryProblem } from '../read-request.ts';
import { OrderList } from '../shapes/order-resource.ts';
import { cursorParameter, limitParameter, readCursor, readLimit } from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

const listed = orderStatuses.filter((status) => status !== 'QUEUED');

export const listOrdersOperation: Operation = {
  id: 'listOrders',
  method: 'GET',
  url: '/v1/orders',
  summary: 'Your orders, newest first',
  description: 'Orders that are still queued are not in it.',
  scope: 'orders:read',
  share: 'read',
  parameters: [
    limitParameter('Orders per page.'),
    cursorParameter(),
    {
      in: 'query',
      name: 'status',
      description: 'Only orders in this status.',
      required: false,
      schema: Type.String({ enum: listed }),
    },
  ],
  answers: { 200: { description: 'One page.', schema: OrderList } },
  problems: ['VALIDATION_FAILED', 'CURSOR_UNKNOWN', 'STATE_UNAVAILABLE'],
};

export function listOrders(deps: RouteDeps): Route {
  return {
    operation: listOrdersOperation,
    async handler(request, reply) {
      const { customerId } = request.caller;
      const limit = readLimit(request);
      const status = readListStatus(request);
      const list = `${customerId}|${status ?? ''}`;
      const after = readCursor(request, deps.cursors, list);
      // One more than asked for tells whether there is a next page.
      const found = await deps.store
        .list({ customerId, limit: limit + 1, status, after })
        .catch((cause: unknown) => {
          throw new HttpProblem('STATE_UNAVAILABLE', undefined, { headers: { 'retry-after': '1' }, cause });
        });
      const page = found.slice(0, limit);
      for (const { orderId, version } of page) deps.noteShown(orderId, version);
      const items = page.map(
        (order) =>
          showOrder(deps, { kind: 'known', order: orderResource(order) }, order.orderId, customerId).body,
      );
      const last = page.at(-1);
      const next =
        found.length > limit && last !== undefined ? { nextCursor: deps.cursors.issue(last, list) } : {};
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(JSON.stringify({ items, ...next }));
    },
  };
}

function readListStatus(request: FastifyRequest): OrderStatus | null {
  const text = queryOf(request, 'status');
  if (text === null) return null;
  const status = listed.find((candidate) => candidate === text);
  if (status === undefined) throw queryProblem('status', `must be one of ${listed.join(', ')}`);
  return status;
}

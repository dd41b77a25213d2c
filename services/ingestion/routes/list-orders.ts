import Type from 'typebox';
import { orderResource, orderStatuses } from '../../domain/index.ts';
import { jsonMediaType, showOrder } from '../answers.ts';
import type { Operation } from '../operation.ts';
import { openQuery } from '../read-request.ts';
import { OrderList } from '../shapes/order-resource.ts';
import {
  cursorParameter,
  limitParameter,
  positionOf,
  readChoice,
  readCursor,
  readLimit,
} from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';
import { told } from './webhook-answers.ts';

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
      const query = openQuery(request);
      const limit = readLimit(query);
      const status = readChoice(query, 'status', listed);
      const cursor = readCursor(query);
      query.check();
      const list = `${customerId}|${status ?? ''}`;
      const after = positionOf(cursor, deps.cursors, list);
      // One more than asked for tells whether there is a next page.
      const asked = { customerId, limit: limit + 1, status, after };
      const found = await deps.reads.run(customerId, () => told(deps.store.list(asked)));
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

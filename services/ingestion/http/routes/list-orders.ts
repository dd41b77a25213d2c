import Type from 'typebox';
import { decidedStatuses } from '../../../domain/index.ts';
import { listOrders as list } from '../../application/orders/list-orders.ts';
import type { ListQuery } from '../../application/read/order-store.ts';
import { readKeyText } from '../../application/requests/idempotency-key.ts';
import { orderIdOf } from '../../application/submit/order-id.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { openQuery, type QueryReader } from '../requests/read-request.ts';
import { jsonMediaType, showOrder } from '../responses.ts';
import { OrderList } from '../schemas/order-resource.ts';
import {
  cursorParameter,
  includeParameter,
  limitParameter,
  readChoice,
  readCursor,
  readInclude,
  readLimit,
  readTime,
  timeParameter,
} from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const listOrdersOperation: Operation = {
  id: 'listOrders',
  method: 'GET',
  url: '/v1/orders',
  summary: 'List your orders, newest first',
  description: 'The list does not contain queued orders.',
  scope: 'orders:read',
  admissionClass: 'read',
  parameters: [
    limitParameter('Orders per page.'),
    cursorParameter(),
    {
      in: 'query',
      name: 'status',
      description: 'Only orders with this status.',
      required: false,
      schema: Type.String({ enum: [...decidedStatuses] }),
    },
    timeParameter('createdFrom', 'Only orders placed at or after this time.'),
    timeParameter('createdTo', 'Only orders placed before this time.'),
    {
      in: 'query',
      name: 'idempotencyKey',
      description: 'Only the order that you placed with this `Idempotency-Key`.',
      required: false,
      schema: Type.String({ pattern: '^[!-~]{1,255}$', examples: ['order-2026-0001'] }),
    },
    includeParameter,
  ],
  responses: { 200: { description: 'One page of results.', schema: OrderList } },
  problems: ['VALIDATION_FAILED', 'CURSOR_UNKNOWN', 'STATE_UNAVAILABLE'],
};

export function listOrders(deps: RouteDeps): Route {
  return {
    operation: listOrdersOperation,
    async handler(request, reply) {
      const { customerId } = request.caller;
      const query = openQuery(request);
      const limit = readLimit(query);
      const status = readChoice(query, 'status', decidedStatuses);
      const filter = readFilter(query, customerId);
      const withDetails = readInclude(query);
      const cursor = readCursor(query);
      query.check();
      const page = orProblem(await list(deps, { customerId, limit, status, filter, withDetails, cursor }));
      const items = page.orders.map(({ order, details }) => ({
        ...showOrder(deps, { kind: 'known', order }, order.id, customerId).body,
        ...details,
      }));
      const next = page.nextCursor === null ? {} : { nextCursor: page.nextCursor };
      if (withDetails) reply.header('cache-control', 'no-store');
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(JSON.stringify({ items, ...next }));
    },
  };
}

const keyForm = /^[!-~]{1,255}$/;

/** Key and customer determine the id of an order, so the store looks up a key by the id. */
function readFilter(
  query: QueryReader,
  customerId: string,
): Pick<ListQuery, 'createdFromMs' | 'createdToMs' | 'orderId'> {
  return {
    createdFromMs: readTime(query, 'createdFrom'),
    createdToMs: readTime(query, 'createdTo'),
    orderId: query.read<string | null>('idempotencyKey', null, (key) => {
      if (!keyForm.test(key)) throw new RangeError('must be 1 to 255 visible ASCII characters');
      return orderIdOf(customerId, readKeyText(key));
    }),
  };
}

/** Lists the payments, refunds, shipments or returns of an order. */
import type { TSchema } from 'typebox';
import type { OrderRecords, RecordsQuery } from '../../../application/read/order-records.ts';
import { orProblem } from '../../failures.ts';
import type { Operation } from '../../operation.ts';
import { openQuery, readAnyAddress } from '../../requests/read-request.ts';
import { jsonMediaType } from '../../responses.ts';
import {
  OrderPaymentList,
  OrderRefundList,
  OrderReturnList,
  OrderShipmentList,
} from '../../schemas/order-records.ts';
import { atDatabase } from '../at-database.ts';
import {
  cursorParameter,
  limitParameter,
  orderIdParameter,
  positionOf,
  readCursor,
  readLimit,
  ticketParameter,
} from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { paymentResource, refundResource, returnResource, shipmentResource } from './record-resources.ts';

type Kind = keyof OrderRecords;
type RecordOf<K extends Kind> = Awaited<ReturnType<OrderRecords[K]>>[number];

interface KindOf<K extends Kind> {
  readonly schema: TSchema;
  readonly description: string;
  readonly resource: (record: RecordOf<K>) => object;
}

const kinds: { readonly [K in Kind]: KindOf<K> } = {
  payments: {
    schema: OrderPaymentList,
    description: 'Money that came before the order was placed is not in the list. It goes back.',
    resource: paymentResource,
  },
  refunds: {
    schema: OrderRefundList,
    description: 'A retry of a failed refund is a refund of its own.',
    resource: refundResource,
  },
  shipments: {
    schema: OrderShipmentList,
    description: 'Each shipment is one parcel with units of some lines.',
    resource: shipmentResource,
  },
  returns: {
    schema: OrderReturnList,
    description: 'Each return has the units that came back together.',
    resource: returnResource,
  },
};

export const listRecordsOperations: readonly Operation[] = [
  operationOf('payments'),
  operationOf('refunds'),
  operationOf('shipments'),
  operationOf('returns'),
];

export function listRecords(deps: RouteDeps): readonly Route[] {
  return [
    routeOf(deps, 'payments'),
    routeOf(deps, 'refunds'),
    routeOf(deps, 'shipments'),
    routeOf(deps, 'returns'),
  ];
}

function operationOf(kind: Kind): Operation {
  const { schema, description } = kinds[kind];
  return {
    id: `listOrder${kind[0]!.toUpperCase()}${kind.slice(1)}`,
    method: 'GET',
    url: `/v1/orders/:id/${kind}`,
    summary: `List the ${kind} of an order, oldest first`,
    description: `${description} The list is empty while the order is queued.`,
    scope: 'orders:read',
    isForOperators: true,
    admissionClass: 'read',
    parameters: [orderIdParameter, ticketParameter, limitParameter('Items per page.'), cursorParameter()],
    responses: { 200: { description: 'One page of results.', schema } },
    problems: ['NOT_FOUND', 'ORDER_LOST', 'CURSOR_UNKNOWN', 'VALIDATION_FAILED', 'STATE_UNAVAILABLE'],
  };
}

function routeOf<K extends Kind>(deps: RouteDeps, kind: K): Route {
  const { resource } = kinds[kind] as KindOf<K>;
  const read = deps.records[kind] as (query: RecordsQuery) => Promise<RecordOf<K>[]>;
  return {
    operation: operationOf(kind),
    async handler(request, reply) {
      const query = openQuery(request);
      const limit = readLimit(query);
      const cursor = readCursor(query);
      const address = readAnyAddress(request, deps.tickets, query);
      const state = orProblem(await deps.readStatus(address));
      const list = `${kind}|${address.orderId}`;
      const after = positionOf(cursor, deps.cursors, list)?.orderKey ?? 0;
      // One extra record shows whether there is a next page. Without a decided order there are no records.
      const asked = { orderId: address.orderId, after, limit: limit + 1 };
      const found =
        state.kind === 'known' ? await atDatabase(deps, request.caller.customerId, () => read(asked)) : [];
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const next =
        found.length > limit && last !== undefined
          ? { nextCursor: deps.cursors.issue({ createdAtMs: 0, orderKey: last.number }, list) }
          : {};
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .send(JSON.stringify({ items: items.map(resource), ...next }));
    },
  };
}

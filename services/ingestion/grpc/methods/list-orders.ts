import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { decidedStatuses } from '../../../domain/index.ts';
import { Failure } from '../../application/common/failure.ts';
import {
  type ListOrdersInput,
  listOrders as list,
  pageSizeDefault,
  pageSizeMax,
} from '../../application/orders/list-orders.ts';
import { isCursor } from '../../application/read/cursor.ts';
import type { RequestFault } from '../../application/requests/fault.ts';
import { readKeyText } from '../../application/requests/idempotency-key.ts';
import { orderIdOf } from '../../application/submit/order-id.ts';
import { type ListOrdersRequest, OrderStatus, Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { isRequestId } from '../messages/new-order.ts';
import { showDetails, showKnown } from '../messages/show-order.ts';
import { msOf } from '../messages/times.ts';
import { invalid, type Problem } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function listOrders(deps: GrpcDeps): UnaryMethod {
  return unary({
    desc: Orders.method.listOrders,
    scopes: ['orders:read'],
    admissionClass: 'read',
    bytesMax: smallBytesMax,
    async run({ caller }, request) {
      const { query, problem } = readQuery(request, caller.customerId);
      if (problem !== null) return problem;
      const page = await list(deps, query);
      if (page instanceof Failure) return page;
      return {
        orders: page.orders.map(({ order, details }) => ({
          ...showKnown(order),
          ...(details !== undefined && { details: showDetails(details) }),
        })),
        nextPageToken: page.nextCursor ?? '',
      };
    },
  });
}

type Query =
  | { readonly query: ListOrdersInput; readonly problem: null }
  | { readonly query: null; readonly problem: Problem };

function readQuery(request: ListOrdersRequest, customerId: string): Query {
  const { pageSize, pageToken, requestId, includeDetails } = request;
  const faults: RequestFault[] = [];
  const status = readStatus(request.status, faults);
  if (pageSize < 0 || pageSize > pageSizeMax)
    faults.push({ pointer: '/pageSize', detail: `must be an integer from 1 to ${pageSizeMax}` });
  if (pageToken !== '' && !isCursor(pageToken))
    faults.push({ pointer: '/pageToken', detail: 'is not a page token' });
  if (requestId !== '' && !isRequestId(requestId))
    faults.push({ pointer: '/requestId', detail: 'must be 1 to 255 visible ASCII characters' });
  if (faults.length > 0) return { query: null, problem: invalid(faults) };
  const query = {
    customerId,
    limit: pageSize === 0 ? pageSizeDefault : pageSize,
    status,
    filter: {
      createdFromMs: timeOf(request.createdFrom),
      createdToMs: timeOf(request.createdTo),
      orderId: requestId === '' ? null : orderIdOf(customerId, readKeyText(requestId)),
    },
    withDetails: includeDetails,
    cursor: pageToken === '' ? null : pageToken,
  };
  return { query, problem: null };
}

function readStatus(value: OrderStatus, faults: RequestFault[]): ListOrdersInput['status'] {
  if (value === OrderStatus.UNSPECIFIED) return null;
  const name = Object.entries(OrderStatus).find(([, number]) => number === value)?.[0];
  const status = decidedStatuses.find((each) => each === name);
  if (status === undefined)
    faults.push({ pointer: '/status', detail: `must be one of ${decidedStatuses.join(', ')}` });
  return status ?? null;
}

/** The range of times that the database compares. A time outside of it filters like the end of the range. */
const timeMax = 8.64e15;

function timeOf(time: Timestamp | undefined): number | null {
  return time === undefined ? null : Math.max(-timeMax, Math.min(timeMax, msOf(time)));
}

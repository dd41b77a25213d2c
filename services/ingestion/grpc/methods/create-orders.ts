import type { MessageInitShape } from '@bufbuild/protobuf';
import { Failure } from '../../application/common/failure.ts';
import { startTurn } from '../../application/common/turn.ts';
import { placeBatch } from '../../application/orders/place-batch.ts';
import { encodeSubmission, type OrderSubmission } from '../../application/submit/order-submission.ts';
import { batchOrdersMax } from '../../application/submit/place-order-input.ts';
import {
  CreateOrdersResponseSchema,
  type CreateOrdersResultSchema,
  NewOrderItemSchema,
  Orders,
} from '../generated/orderstream/v1/orders_pb.ts';
import { splitBatch } from '../messages/batch-items.ts';
import { decode, encode } from '../messages/decode.ts';
import { readNewOrder, readRequestId } from '../messages/new-order.ts';
import { showProblem } from '../messages/show-problem.ts';
import { invalid, Problem, problemOf } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { batchBytesMax, type CallContext, callEnded, orderBytesMax, type UnaryMethod } from './method.ts';

type Result = MessageInitShape<typeof CreateOrdersResultSchema>;

export function createOrders(deps: GrpcDeps): UnaryMethod {
  return {
    kind: 'unary',
    desc: Orders.method.createOrders,
    scopes: ['orders:write'],
    admissionClass: 'write',
    flags: ['intake', 'batch'],
    isCharged: true,
    sealsMessage: true,
    bytesMax: batchBytesMax,
    async answer(call, message) {
      const items = splitBatch(message);
      if (items === null) return notABatch;
      if (items.length === 0) return invalid([{ pointer: '/orders', detail: 'must have an order' }]);
      if (items.length > batchOrdersMax) return tooMany;
      const refusal = await call.charge(Math.max(items.length, Math.ceil(message.length / orderBytesMax)));
      if (refusal !== null) return refusal;
      const read = await readItems(deps, call, items);
      if (!call.beginEffect()) return callEnded;
      await place(deps, call, read);
      return encode(CreateOrdersResponseSchema, { results: read.results });
    },
  };
}

const notABatch = new Problem('MESSAGE_INVALID', {
  detail: 'The bytes are not a valid CreateOrdersRequest.',
});
const tooMany = invalid([{ pointer: '/orders', detail: `must not have more than ${batchOrdersMax} items` }]);
const itemTooLarge = new Problem('BODY_TOO_LARGE', {
  detail: 'An order may have at most 64 KiB, also within a batch.',
});

interface Items {
  /** At first only orders that are not submitted have a result. */
  readonly results: Result[];
  readonly submissions: OrderSubmission[];
  /** The index of the item of each submission. */
  readonly indices: number[];
}

/** Reads item by item in several turns of the event loop, so that other calls run in between. */
async function readItems(deps: GrpcDeps, call: CallContext, items: readonly Uint8Array[]): Promise<Items> {
  const read: Items = { results: new Array(items.length), submissions: [], indices: [] };
  const turn = startTurn();
  for (let index = 0; index < items.length; index++) {
    if (turn.isOver()) await turn.next();
    const submission = readItem(deps, call, items[index]!, `orders[${index}]`);
    if (submission instanceof Problem) {
      read.results[index] = { result: { case: 'problem', value: showProblem(submission) } };
    } else {
      read.submissions.push(submission);
      read.indices.push(index);
    }
  }
  return read;
}

function readItem(
  deps: GrpcDeps,
  { caller, traceparent, customerKey }: CallContext,
  bytes: Uint8Array,
  at: string,
): OrderSubmission | Problem {
  if (bytes.length > orderBytesMax) return itemTooLarge;
  const { message, problem } = decode(NewOrderItemSchema, bytes);
  if (problem !== null) return problem;
  const { key, problem: keyProblem } = readRequestId(message.requestId, `${at}.request_id`);
  if (keyProblem !== null) return keyProblem;
  const { order, problem: orderProblem } = readNewOrder(message.order, `${at}.order`);
  if (orderProblem !== null) return orderProblem;
  const { customerId } = caller;
  return encodeSubmission(deps, {
    ...{ customerId, idempotencyKey: key, order, traceparent, customerKey },
  });
}

async function place(
  deps: GrpcDeps,
  { caller }: CallContext,
  { results, submissions, indices }: Items,
): Promise<void> {
  const placed = await placeBatch(deps, submissions);
  for (let i = 0; i < placed.length; i++) {
    const one = placed[i]!;
    if (one instanceof Failure) {
      results[indices[i]!] = { result: { case: 'problem', value: showProblem(problemOf(one)) } };
      continue;
    }
    const { orderId: id } = submissions[i]!;
    const ticket = deps.tickets.issue(id, caller.customerId, one.position);
    const { replayed, decided } = one;
    results[indices[i]!] = { result: { case: 'accepted', value: { id, ticket, replayed, decided } } };
  }
}

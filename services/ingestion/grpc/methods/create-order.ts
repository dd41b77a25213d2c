import { Failure } from '../../application/common/failure.ts';
import { placeOrder } from '../../application/orders/place-order.ts';
import { encodeSubmission } from '../../application/submit/order-submission.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { readNewOrder, readRequestId } from '../messages/new-order.ts';
import { showOrder, showQueued } from '../messages/show-order.ts';
import type { GrpcDeps } from './deps.ts';
import { callEnded, orderBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function createOrder(deps: GrpcDeps): UnaryMethod {
  return unary({
    desc: Orders.method.createOrder,
    scopes: ['orders:write'],
    admissionClass: 'write',
    flags: ['intake'],
    isCharged: true,
    sealsMessage: true,
    bytesMax: orderBytesMax,
    async run(call, { requestId, order: message, wait }) {
      const { key, problem: keyProblem } = readRequestId(requestId);
      if (keyProblem !== null) return keyProblem;
      const { order, problem } = readNewOrder(message, 'order');
      if (problem !== null) return problem;
      const { customerId } = call.caller;
      const { traceparent, customerKey } = call;
      const submission = encodeSubmission(deps, {
        ...{ customerId, idempotencyKey: key, order, traceparent, customerKey },
      });
      if (!call.beginEffect()) return callEnded;
      const placed = await placeOrder(deps, submission, customerId, call.patience(wait));
      if (placed instanceof Failure) return placed;
      const { orderId } = submission;
      const { replayed } = placed;
      const shown =
        placed.kind === 'accepted'
          ? showQueued(deps, orderId, customerId, placed.position)
          : showOrder(deps, placed.state, orderId, customerId);
      return { order: shown, replayed };
    },
  });
}

import { Failure } from '../../application/common/failure.ts';
import { cancelOrder as cancel } from '../../application/orders/cancel-order.ts';
import { CancelRequest } from '../../application/requests/order-request.ts';
import { compileCheck } from '../../application/requests/validation.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { addressOf } from '../messages/address.ts';
import { showOrder } from '../messages/show-order.ts';
import { invalid } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { callEnded, smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function cancelOrder(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(CancelRequest);
  return unary({
    desc: Orders.method.cancelOrder,
    scopes: ['orders:write', 'orders:ops'],
    admissionClass: 'write',
    isCharged: true,
    bytesMax: smallBytesMax,
    async run(call, { reason, expectedVersion, wait, ...request }) {
      const { faults } = check(reason === undefined ? {} : { reason });
      if (faults !== null) return invalid(faults);
      const address = addressOf(deps.tickets, call, request);
      if (address instanceof Failure) return address;
      if (!call.beginEffect()) return callEnded;
      const { traceparent } = call;
      const input = { address, reason: reason ?? null, version: expectedVersion ?? null, traceparent };
      const result = await cancel(deps, input, call.patience(wait));
      if (result instanceof Failure) return result;
      const { state, processed } = result;
      return { order: showOrder(deps, state, address.orderId, address.customerId), processed };
    },
  });
}

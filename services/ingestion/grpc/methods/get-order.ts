import { Failure } from '../../application/common/failure.ts';
import { noVersions, getOrder as read } from '../../application/orders/get-order.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { addressOf } from '../messages/address.ts';
import { showDetails, showOrder } from '../messages/show-order.ts';
import type { GrpcDeps } from './deps.ts';
import { smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function getOrder(deps: GrpcDeps): UnaryMethod {
  return unary({
    desc: Orders.method.getOrder,
    scopes: ['orders:read', 'orders:ops'],
    admissionClass: 'read',
    bytesMax: smallBytesMax,
    async run(call, { seenVersion, wait, includeDetails, ...request }) {
      const address = addressOf(deps.tickets, call, request);
      if (address instanceof Failure) return address;
      const seen = seenVersion === undefined ? noVersions : [seenVersion];
      const found = await read(deps, address, seen, call.patience(wait));
      if (found instanceof Failure) return found;
      const { state } = found;
      const { orderId, customerId } = address;
      const order = showOrder(deps, state, orderId, customerId);
      if (!includeDetails || state.kind !== 'known') return { order };
      // The cache has no personal data, so the details come from the database. An operator is not the owner.
      const { customerId: ownerId } = state.order;
      const details = await deps.reads.run(customerId, () => deps.store.details(ownerId, [orderId]));
      if (details instanceof Failure) return details;
      const own = details.get(orderId);
      return { order: own === undefined ? order : { ...order, details: showDetails(own) } };
    },
  });
}

import { Failure } from '../../application/common/failure.ts';
import { quoteOrder as price } from '../../application/orders/quote-order.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { readNewOrder } from '../messages/new-order.ts';
import { bigMembers, showReason } from '../messages/show-order.ts';
import type { GrpcDeps } from './deps.ts';
import { orderBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function quoteOrder(deps: GrpcDeps): UnaryMethod {
  return unary({
    desc: Orders.method.quoteOrder,
    scopes: ['orders:write'],
    admissionClass: 'write',
    flags: ['quotes'],
    isCharged: true,
    bytesMax: orderBytesMax,
    async run(call, request) {
      const { order, problem } = readNewOrder(request.order, 'order');
      if (problem !== null) return problem;
      const quote = await price(deps, order, call.caller.customerId);
      if (quote instanceof Failure) return quote;
      const { currency, priced, reason } = quote;
      const { lines, subtotal, discount, shipping, tax, taxIncluded, total } = priced;
      return {
        currency,
        items: lines.map(({ sku, quantity, name, unitPrice, lineTotal }) => ({
          ...{ sku, quantity },
          ...(name !== null && { name }),
          ...(unitPrice !== null && { unitPrice: BigInt(unitPrice) }),
          ...(unitPrice !== null && lineTotal !== null && { lineTotal: BigInt(lineTotal) }),
        })),
        totals: bigMembers({ subtotal, discount, shipping, tax, taxIncluded, total }),
        ...(reason !== null && { reason: showReason(reason) }),
      };
    },
  });
}

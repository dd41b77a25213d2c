import type { FastifyRequest } from 'fastify';
import { Failure } from '../../../application/common/failure.ts';
import { refundChange, retryChange } from '../../../application/operators/changes.ts';
import { RefundRequest } from '../../../application/requests/operator-request.ts';
import { readRefundId, refundFaults } from '../../../application/requests/operator-rules.ts';
import { compileCheck } from '../../../application/requests/validation.ts';
import { orProblem } from '../../failures.ts';
import { HttpProblem } from '../../problems.ts';
import { readBody, readOrderId, refuseFaults } from '../../requests/read-request.ts';
import { orderIdParameter, refundIdParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { commandOperation, orderCommandRoute } from './command-route.ts';

export const requestRefundOperation = commandOperation(
  {
    id: 'requestRefund',
    url: '/v1/orders/:id/refunds',
    summary: 'Refund a part of the payment of an order',
    description:
      'Refunds an amount, or the price of units, the shipping, or both. With `{}` it refunds all that is left. A refund moves no stock. The outcome says that the refund is requested. The list of refunds shows when the provider has paid it.',
    parameters: [orderIdParameter],
    problems: ['NOT_FOUND'],
  },
  { schema: RefundRequest, required: true },
);

export function requestRefund(deps: RouteDeps): Route {
  const check = compileCheck(RefundRequest);
  return orderCommandRoute(deps, requestRefundOperation, (request) => {
    const sent = readBody(request, check);
    refuseFaults(refundFaults(sent));
    return { change: refundChange(sent), sent };
  });
}

export const retryRefundOperation = commandOperation(
  {
    id: 'retryRefund',
    url: '/v1/orders/:id/refunds/:refundId/retry',
    summary: 'Request a failed refund again',
    description:
      'The retry is a new refund, and the failed one stays failed. A refund can be retried once. Another refund may have taken its place: then the command is refused.',
    parameters: [orderIdParameter, refundIdParameter],
    problems: ['NOT_FOUND', 'REFUND_NOT_FOUND'],
  },
  null,
);

export function retryRefund(deps: RouteDeps): Route {
  return orderCommandRoute(
    deps,
    retryRefundOperation,
    (request) => {
      const refundId = requireRefundId(request);
      return { change: retryChange(refundId), sent: { refundId } };
    },
    (request) => findRefund(deps, request),
  );
}

/**
 * Rejects with REFUND_NOT_FOUND if the order has no such refund. A caller learns the id of a refund after its decision, so its row
 * exists. While the database is unavailable, the log decides.
 */
async function findRefund(
  { reads, records }: Pick<RouteDeps, 'reads' | 'records'>,
  request: FastifyRequest,
): Promise<void> {
  const [orderId, refundId] = [readOrderId(request), requireRefundId(request)];
  const found = await reads.run(request.caller.customerId, () => records.hasRefund(orderId, refundId));
  if (found instanceof Failure && found.code === 'STATE_UNAVAILABLE') return;
  if (!orProblem(found)) throw new HttpProblem('REFUND_NOT_FOUND');
}

function requireRefundId(request: FastifyRequest): string {
  const refundId = readRefundId((request.params as { refundId: string }).refundId);
  if (refundId === null) throw new HttpProblem('REFUND_NOT_FOUND');
  return refundId;
}

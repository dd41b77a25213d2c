import type { FastifyRequest } from 'fastify';
import { refundChange, retryChange } from '../../../application/operators/changes.ts';
import { HttpProblem } from '../../problems.ts';
import { readBody, validationProblem } from '../../requests/read-request.ts';
import { RefundRequest } from '../../schemas/operator-request.ts';
import { compileCheck } from '../../validation.ts';
import { orderIdParameter, refundIdParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { commandOperation, orderCommandRoute } from './command-route.ts';
import { checkLines } from './line-rules.ts';

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
    checkParts(sent);
    return { change: refundChange(sent), sent };
  });
}

/** Throws the problem VALIDATION_FAILED if it is unclear what to refund. */
function checkParts({ amount, lines = [], shipping }: RefundRequest): void {
  const isByParts = lines.length > 0 || shipping === true;
  if (amount !== undefined && isByParts)
    throw validationProblem([{ pointer: '/amount', detail: 'is not possible with lines or shipping' }]);
  if (amount === undefined && lines.length === 0 && shipping === false)
    throw validationProblem([{ pointer: '/shipping', detail: 'is false, so there is nothing to refund' }]);
  checkLines(lines);
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
  return orderCommandRoute(deps, retryRefundOperation, (request) => {
    const refundId = readRefundId(request);
    return { change: retryChange(refundId), sent: { refundId } };
  });
}

const refundIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A UUID may have letters of either case. */
function readRefundId(request: FastifyRequest): string {
  const refundId = (request.params as { refundId: string }).refundId.toLowerCase();
  if (!refundIdForm.test(refundId)) throw new HttpProblem('REFUND_NOT_FOUND');
  return refundId;
}

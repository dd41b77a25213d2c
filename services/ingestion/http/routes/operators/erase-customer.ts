import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { orProblem } from '../../failures.ts';
import type { Operation, Parameter } from '../../operation.ts';
import { HttpProblem, knownTraceIdOf } from '../../problems.ts';
import { jsonMediaType } from '../../responses.ts';
import { CustomerErasure } from '../../schemas/erasure.ts';
import { traceparentParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';

const customerPattern = '^[!-~]{1,128}$';
const customerForm = new RegExp(customerPattern);

const customerIdParameter: Parameter = {
  in: 'path',
  name: 'id',
  description: 'The customer id, percent-encoded: the `sub` of the tokens of the customer.',
  required: true,
  schema: Type.String({ pattern: customerPattern, examples: ['customer-7'] }),
};

export const eraseCustomerOperation: Operation = {
  id: 'eraseCustomer',
  method: 'POST',
  url: '/v1/customers/:id/erasure',
  summary: 'Erase the personal data of a customer',
  description:
    'Erases names, addresses, e-mail addresses, metadata and free texts of all orders of the customer, for ever. Sealed commands of the customer in Kafka become unreadable. Orders, amounts and statuses stay. It waits up to five seconds for commands that are not processed yet. You can safely repeat the request. A customer without orders is no error.',
  scope: 'orders:ops',
  tag: 'Operators',
  admissionClass: 'read',
  charge: 'order',
  parameters: [customerIdParameter, traceparentParameter],
  responses: {
    200: {
      description: 'What was erased.',
      schema: CustomerErasure,
      example: {
        ...{ customerId: 'customer-7', complete: true, orders: 12, openOrders: 0 },
        ...{ reasons: 2, references: 0, errors: 1, undecided: 0 },
      },
    },
  },
  problems: ['VALIDATION_FAILED', 'BODY_TOO_LARGE', 'RATE_LIMITED', 'STATE_UNAVAILABLE'],
};

export function eraseCustomer(deps: RouteDeps): Route {
  return {
    operation: eraseCustomerOperation,
    async handler(request, reply) {
      const customerId = readCustomerId(request);
      const { customerId: operator } = request.caller;
      const traceId = knownTraceIdOf(request);
      const erased = orProblem(await deps.eraseCustomer({ customerId, operator, traceId }));
      const { orders, openOrders, reasons, references, errors, undecided } = erased;
      const counts = { orders, openOrders, reasons, references, errors, undecided };
      return reply
        .code(200)
        .header('content-type', jsonMediaType)
        .header('cache-control', 'no-store')
        .send(JSON.stringify({ customerId, complete: undecided === 0, ...counts }));
    },
  };
}

function readCustomerId(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  if (!customerForm.test(id))
    throw new HttpProblem('VALIDATION_FAILED', 'A customer id is 1 to 128 visible ASCII characters.');
  return id;
}

import type { OrderAddress } from '../../../application/read/order-address.ts';
import {
  PaymentSessionRequest,
  sessionFaults,
} from '../../../application/requests/payment-session-request.ts';
import { compileCheck } from '../../../application/requests/validation.ts';
import { orProblem } from '../../failures.ts';
import type { Operation } from '../../operation.ts';
import { traceparentOf } from '../../problems.ts';
import {
  bodyOf,
  readAddress,
  readBody,
  refuseFaults,
  validationProblem,
} from '../../requests/read-request.ts';
import { PaymentSession } from '../../schemas/payment.ts';
import { orderIdParameter, ticketParameter } from '../parameters.ts';
import type { RouteDeps, RouteOf } from '../route.ts';

export const openPaymentSessionOperation: Operation = {
  id: 'openPaymentSession',
  method: 'POST',
  url: '/v1/orders/:id/payment-sessions',
  summary: 'Open the page on which the customer pays an order',
  description:
    'Idempotent without a key: an order has one session. Later requests get the same session, whatever their body. The session expires at the `paymentDueAt` of the order.',
  scope: 'orders:write',
  tag: 'Payments',
  admissionClass: 'write',
  charge: 'order',
  parameters: [orderIdParameter, ticketParameter],
  body: { schema: PaymentSessionRequest, bytesMax: 16 * 1024, required: false },
  responses: {
    201: {
      description: 'The session of the order, new or known.',
      schema: PaymentSession,
      headers: ['RateLimit', 'RateLimit-Policy'],
    },
  },
  problems: [
    'NOT_FOUND',
    'ORDER_LOST',
    'JSON_INVALID',
    'VALIDATION_FAILED',
    'NOTHING_TO_PAY',
    'NOT_PAYABLE',
    'BODY_TOO_LARGE',
    'MEDIA_TYPE_UNSUPPORTED',
    'RATE_LIMITED',
    'PROVIDER_UNAVAILABLE',
    'STATE_UNAVAILABLE',
  ],
};

interface SessionRequest {
  readonly address: OrderAddress;
  readonly provider: string | null;
  readonly returnUrl: string | null;
}

export function openPaymentSession(deps: RouteDeps): RouteOf<SessionRequest> {
  const check = compileCheck(PaymentSessionRequest);
  return {
    operation: openPaymentSessionOperation,
    read(request) {
      const address = readAddress(request, deps.tickets);
      const body: PaymentSessionRequest = bodyOf(request).length === 0 ? {} : readBody(request, check);
      const { provider = null, returnUrl = null } = body;
      refuseFaults(sessionFaults(body));
      return { address, provider, returnUrl };
    },
    async handler(request, reply, { address, provider, returnUrl }) {
      // A cached state may be older than the payment or the cancel of the order.
      const state = orProblem(await deps.readStatus({ ...address, fresh: true }));
      if (provider !== null && !deps.callbacks.knows(provider))
        throw validationProblem([
          { pointer: '/provider', detail: 'is not a payment provider of this service' },
        ]);
      const { customerId } = address;
      const session = orProblem(
        await deps.openSession({
          state,
          customerId,
          provider,
          returnUrl,
          traceparent: traceparentOf(request),
        }),
      );
      const expiresAt = new Date(session.expiresAtMs).toISOString();
      return reply.code(201).send({ url: session.url, expiresAt });
    },
  };
}

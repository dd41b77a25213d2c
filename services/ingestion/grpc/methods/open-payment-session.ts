import { Failure } from '../../application/common/failure.ts';
import { PaymentSessionRequest, sessionFaults } from '../../application/requests/payment-session-request.ts';
import { compileCheck } from '../../application/requests/validation.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { addressOf } from '../messages/address.ts';
import { timestampOf } from '../messages/times.ts';
import { invalid } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { callEnded, smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function openPaymentSession(deps: GrpcDeps): UnaryMethod {
  const check = compileCheck(PaymentSessionRequest);
  return unary({
    desc: Orders.method.openPaymentSession,
    scopes: ['orders:write'],
    admissionClass: 'write',
    isCharged: true,
    bytesMax: smallBytesMax,
    async run(call, { provider, returnUrl, ...request }) {
      const sent = {
        ...(provider !== undefined && { provider }),
        ...(returnUrl !== undefined && { returnUrl }),
      };
      const faults = check(sent).faults ?? sessionFaults(sent);
      if (faults.length > 0) return invalid(faults);
      const named = addressOf(deps.tickets, call, request);
      if (named instanceof Failure) return named;
      // Only the owner of an order pays it.
      const { isOperator: _, ...address } = named;
      // A cached state may be older than the payment or the cancel of the order.
      const state = await deps.readStatus({ ...address, fresh: true });
      if (state instanceof Failure) return state;
      if (provider !== undefined && !deps.callbacks.knows(provider)) return unknownProvider;
      if (!call.beginEffect()) return callEnded;
      const session = await deps.openSession({
        ...{ state, customerId: address.customerId },
        provider: provider ?? null,
        returnUrl: returnUrl ?? null,
        traceparent: call.traceparent,
      });
      if (session instanceof Failure) return session;
      return { url: session.url, expireTime: timestampOf(session.expiresAtMs) };
    },
  });
}

const unknownProvider = invalid([
  { pointer: '/provider', detail: 'is not a payment provider of this service' },
]);

import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { Failure } from '../../../application/common/failure.ts';
import { addressOf } from '../../auth.ts';
import { problemOf } from '../../failures.ts';
import type { Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { bodyOf } from '../../requests/read-request.ts';
import { CallbackReceipt, PaymentCallback } from '../../schemas/payment.ts';
import type { Route, RouteDeps } from '../route.ts';

export const receiveCallbackOperation: Operation = {
  id: 'receivePaymentCallback',
  method: 'POST',
  url: '/v1/payments/callbacks/:provider',
  summary: 'Receive a callback of a payment provider',
  description:
    'For payment providers. The request needs no token, but a signature of its exact body that is at most 5 minutes old. 200 means that all events are durable in Kafka. Send the callback again after any other status except 400 and 413. 401 and 404 may end when the settings of the API are corrected. A repeated callback has no second effect.',
  scope: null,
  tag: 'Payments',
  admissionClass: 'write',
  parameters: [
    {
      in: 'path',
      name: 'provider',
      description: 'Name of the payment provider.',
      required: true,
      schema: Type.String({ examples: ['local'] }),
    },
  ],
  body: { schema: PaymentCallback, bytesMax: 64 * 1024, required: true, isRaw: true },
  responses: {
    200: {
      description: 'All events of the callback are durable in Kafka. Also for events that concern no order.',
      schema: CallbackReceipt,
    },
  },
  problems: [
    'CALLBACK_UNREADABLE',
    'SIGNATURE_INVALID',
    'PROVIDER_UNKNOWN',
    'BODY_TOO_LARGE',
    'NOT_PRODUCED',
    'OUTCOME_UNKNOWN',
  ],
};

export function receiveCallback(deps: RouteDeps): Route {
  return {
    operation: receiveCallbackOperation,
    async handler(request, reply) {
      const { provider } = request.params as { provider: string };
      if (!deps.callbacks.knows(provider)) throw new HttpProblem('PROVIDER_UNKNOWN');
      await signatureTurn(deps, request);
      const events = deps.callbacks.read({ provider, headers: request.headers, raw: bodyOf(request) });
      if (events instanceof Failure) {
        if (events.code === 'SIGNATURE_INVALID') deps.signatureChecks.failed(addressOf(request.raw.socket));
        throw problemOf(events);
      }
      const failure = await deps.callbacks.append(provider, events, request.span?.traceparent ?? null);
      if (failure !== null) throw problemOf(failure);
      return reply.send({ events: events.length });
    },
  };
}

/** A signature costs little, but anyone can send a false one: after many, an address waits for its checks. */
function signatureTurn({ signatureChecks }: RouteDeps, request: FastifyRequest): Promise<void> {
  const { socket } = request.raw;
  return new Promise((resolve, reject) => {
    if (signatureChecks.come(addressOf(socket), socket, resolve)) return;
    const headers = { 'retry-after': '5' };
    reject(new HttpProblem('OVERLOADED', 'Too many signatures wait to be checked.', { headers }));
  });
}

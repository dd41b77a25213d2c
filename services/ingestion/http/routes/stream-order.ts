import Type from 'typebox';
import { isLast } from '../../application/wait/order-updates.ts';
import { orProblem, problemOf } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { headerProblem, readAnyAddress } from '../requests/read-request.ts';
import { streamHead } from '../streams.ts';
import { orderIdParameter, ticketParameter } from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const streamOrderOperation: Operation = {
  id: 'streamOrder',
  method: 'GET',
  url: '/v1/orders/:id/events',
  summary: 'Stream the versions of an order',
  description:
    'Server-sent events: `id` is the version, `event` is `order` and `data` is the order. The stream closes after the last state: the status is final, and no refund waits for its result. A reconnect with that `Last-Event-ID` returns 204, so a browser stops reconnecting. When the token expires, the stream sends an event `closed` and ends. Reconnect with a new token and your `Last-Event-ID`. `EventSource` cannot send a token: in a browser, read the stream with `fetch`.',
  scope: 'orders:read',
  isForOperators: true,
  admissionClass: 'read',
  flags: ['streams'],
  parameters: [
    orderIdParameter,
    ticketParameter,
    {
      in: 'header',
      name: 'Last-Event-ID',
      description: 'The last version that you have. The stream sends only newer versions.',
      required: false,
      schema: Type.String({ pattern: '^[0-9]{0,9}$' }),
    },
  ],
  responses: {
    200: { description: 'The event stream.', schema: Type.Unknown(), mediaType: 'text/event-stream' },
    204: { description: 'You already have the last state.' },
  },
  problems: ['NOT_FOUND', 'ORDER_LOST', 'HEADER_INVALID', 'STATE_UNAVAILABLE', 'STREAMS_OFF'],
};

export function streamOrder(deps: RouteDeps): Route {
  return {
    operation: streamOrderOperation,
    async handler(request, reply) {
      const address = readAnyAddress(request, deps.tickets);
      const seenVersion = readLastEventId(request.headers['last-event-id']);
      const state = orProblem(await deps.readStatus({ ...address, floor: Math.max(0, seenVersion) }));
      if (state.kind === 'known' && isLast(state) && state.order.version <= seenVersion) {
        return reply.code(204).send();
      }
      if (request.method === 'HEAD') return reply.code(200).headers(streamHead).send();
      const { expiresAtMs } = request.caller;
      const failure = deps.streams.open(reply.raw, { ...address, expiresAtMs }, seenVersion);
      if (failure !== null) throw problemOf(failure);
      return reply.hijack();
    },
  };
}

function readLastEventId(field: string | string[] | undefined): number {
  if (field === undefined || field === '') return -1;
  if (typeof field !== 'string' || !/^\d{1,9}$/.test(field)) {
    throw headerProblem('Last-Event-ID', 'a version');
  }
  return Number(field);
}

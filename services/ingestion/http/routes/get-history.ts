import type { FastifyRequest } from 'fastify';
import { acceptedStatus } from '../../../domain/index.ts';
import { isOperator } from '../../application/common/caller.ts';
import { orProblem } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { readAnyAddress } from '../requests/read-request.ts';
import { jsonMediaType, publicReason } from '../responses.ts';
import { History } from '../schemas/order-resource.ts';
import { atDatabase } from './at-database.ts';
import { orderIdParameter, ticketParameter } from './parameters.ts';
import type { Route, RouteDeps } from './route.ts';

export const getHistoryOperation: Operation = {
  id: 'getOrderHistory',
  method: 'GET',
  url: '/v1/orders/:id/history',
  summary: 'Get the history of an order',
  description:
    'Returns each change with its command, time, actor and reason, and the refused commands. The history is empty while the order is queued.',
  scope: 'orders:read',
  isForOperators: true,
  admissionClass: 'read',
  parameters: [orderIdParameter, ticketParameter],
  responses: { 200: { description: 'The history of the order.', schema: History } },
  problems: ['NOT_FOUND', 'ORDER_LOST', 'STATE_UNAVAILABLE'],
};

export function getHistory(deps: RouteDeps): Route {
  return {
    operation: getHistoryOperation,
    async handler(request, reply) {
      const address = readAnyAddress(request, deps.tickets);
      const state = orProblem(await deps.readStatus(address));
      const history =
        state.kind === 'known' ? await readHistory(deps, request, state.order) : { items: [], refused: [] };
      return reply.code(200).header('content-type', jsonMediaType).send(JSON.stringify(history));
    },
  };
}

interface KnownOrder {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly reason?: { code: string; message: string; pointer?: string };
  readonly createdAt: string;
  readonly totals: { readonly total: number };
}

/** The order row itself is version 1. The history rows have the later versions. */
async function readHistory(deps: RouteDeps, request: FastifyRequest, order: KnownOrder) {
  const { changes, refused } = await atDatabase(deps, request.caller.customerId, () =>
    deps.store.history(order.id),
  );
  const isRejected = order.status === 'REJECTED';
  const first = {
    version: 1,
    status: isRejected ? 'REJECTED' : acceptedStatus(order.totals.total),
    command: 'PLACE',
    actor: 'customer',
    ...(isRejected && order.reason !== undefined ? { reason: order.reason } : {}),
    at: order.createdAt,
  };
  return {
    items: [
      first,
      ...changes.map(({ atMs, reason, actor, ...change }) => ({
        ...change,
        actor: shownActor(actor, request),
        ...publicReason(reason),
        at: isoTime(atMs),
      })),
    ],
    refused: refused.map(({ atMs, reason, ...command }) => ({
      ...command,
      ...publicReason(reason),
      at: isoTime(atMs),
    })),
  };
}

/** A customer does not see which operator it was. */
function shownActor(actor: string, { caller }: FastifyRequest): string {
  return actor.startsWith('operator:') && !isOperator(caller) ? 'operator' : actor;
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

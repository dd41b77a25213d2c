/** The parts of a response about an order: links with tickets, entity tags, and the time of a retry. */
import type { FastifyReply } from 'fastify';
import type { Reason } from '../../../schemas/index.ts';
import { isSettled, type OrderResource } from '../../domain/index.ts';
import type { LogPosition, Tickets } from '../application/common/ticket.ts';
import {
  actionsOf,
  type OrderActions,
  orderDeadLettered,
  queuedActions,
} from '../application/read/order-view.ts';
import { type PartitionProgress, type Queue, retryAfterOf } from '../application/read/partition-progress.ts';
import type { OrderState } from '../application/read/status.ts';
import { etagOf } from './prefer.ts';

export interface ResponseDeps {
  readonly tickets: Tickets;
  readonly progress: Pick<PartitionProgress, 'queueOf'>;
}

/** Includes the charset. Otherwise fastify would search for it and append it each time. */
export const jsonMediaType = 'application/json; charset=utf-8';
/** People or other systems change a decided order, so no queue gives an estimate. */
const settledRetryAfterSeconds = '5';

const noActions: OrderActions = { canCancel: false, canPay: false };

/** A state in the form that clients see, with its version and status. */
export interface Shown {
  readonly version: number;
  readonly status: string;
  readonly retryAfterSeconds: string | null;
  readonly body: object;
}

/** An order with its links. */
export function showOrder(deps: ResponseDeps, state: OrderState, id: string, customerId: string): Shown {
  switch (state.kind) {
    case 'known':
      return showKnown(state.order);
    case 'queued':
      return showQueued(deps, id, customerId, state.position);
    case 'deadLettered':
      return {
        version: 0,
        status: 'DEAD_LETTERED',
        retryAfterSeconds: null,
        body: {
          id,
          version: 0,
          status: 'DEAD_LETTERED',
          reason: orderDeadLettered,
          links: linksOf(id, '', noActions),
        },
      };
  }
}

function showKnown(order: OrderResource): Shown {
  const { id, version, status } = order;
  return {
    version,
    status,
    retryAfterSeconds: isSettled(order) ? null : settledRetryAfterSeconds,
    body: { ...order, links: linksOf(id, '', actionsOf(order)) },
  };
}

function showQueued(deps: ResponseDeps, id: string, customerId: string, position: LogPosition): Shown {
  const queue = deps.progress.queueOf(position);
  const query = `?t=${deps.tickets.issue(id, customerId, position)}`;
  return {
    version: 0,
    status: 'QUEUED',
    retryAfterSeconds: String(retryAfterOf(queue.etaMs)),
    body: {
      id,
      version: 0,
      status: 'QUEUED',
      queue: shownQueue(queue),
      links: linksOf(id, query, queuedActions),
    },
  };
}

export function shownQueue({ ahead, etaMs, stalledForMs }: Queue): object {
  return stalledForMs === null ? { ahead, etaMs } : { ahead, etaMs, stalledForMs };
}

function linksOf(id: string, query: string, { canCancel, canPay }: OrderActions): object {
  const self = `/v1/orders/${id}`;
  return {
    self: self + query,
    history: `${self}/history${query}`,
    events: `${self}/events${query}`,
    ...(canCancel ? { cancel: `${self}/cancel${query}` } : {}),
    ...(canPay ? { paymentSessions: `${self}/payment-sessions` } : {}),
  };
}

/** The member `reason` of a response. Without a reason there is no member. */
export function publicReason(reason: Reason | null): object {
  if (reason === null) return {};
  const { code, message, pointer } = reason;
  return { reason: pointer === null ? { code, message } : { code, message, pointer } };
}

/** Sends a shown order with `ETag` and `Retry-After`. */
export function sendOrder(reply: FastifyReply, shown: Shown, status: number): FastifyReply {
  reply.code(status).header('content-type', jsonMediaType).header('etag', etagOf(shown.version));
  if (shown.retryAfterSeconds !== null) reply.header('retry-after', shown.retryAfterSeconds);
  return reply.send(JSON.stringify(shown.body));
}

/** URL of the state of an accepted order, also before the stores have it. */
export function statusUrlOf(
  { tickets }: ResponseDeps,
  id: string,
  customerId: string,
  position: LogPosition,
): string {
  return `/v1/orders/${id}?t=${tickets.issue(id, customerId, position)}`;
}

/** Sends the 202 of an order that is in the log. Its parts need no escaping, so the code concatenates the text. */
export function sendAccepted(
  deps: ResponseDeps,
  reply: FastifyReply,
  { id, customerId, position }: { id: string; customerId: string; position: LogPosition },
): FastifyReply {
  const url = statusUrlOf(deps, id, customerId, position);
  const { ahead, etaMs, stalledForMs } = deps.progress.queueOf(position);
  const stalled = stalledForMs === null ? '' : `,"stalledForMs":${stalledForMs}`;
  return reply
    .code(202)
    .header('content-type', jsonMediaType)
    .header('location', url)
    .header('retry-after', String(retryAfterOf(etaMs)))
    .send(
      `{"id":"${id}","status":"QUEUED","statusUrl":"${url}","queue":{"ahead":${ahead},"etaMs":${etaMs}${stalled}}}`,
    );
}

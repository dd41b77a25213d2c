/**
 * Reads the state of one order from Redis, then from MySQL. While neither has the order, the ticket gives its
 * state. Versions never go back: a version below the floor is ignored. The floor is the client's version, or the
 * last version that this process has shown.
 */
import { decidedAheadMax } from '../../../../topics/index.ts';
import { type OrderResource, orderResource } from '../../../domain/index.ts';
import type { BoundedMap } from '../common/bounded-map.ts';
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import { aheadOf, type DecidedDeps, isDecided, isPast } from './decided-positions.ts';
import type { OrderCache } from './order-cache.ts';
import type { StoredOrder } from './order-rows.ts';

export type OrderState =
  | { readonly kind: 'known'; readonly order: OrderResource }
  | { readonly kind: 'queued'; readonly position: LogPosition }
  /** The command was dead-lettered and made no order. */
  | { readonly kind: 'deadLettered' };

export interface StatusDeps extends DecidedDeps {
  readonly cache: OrderCache;
  /** Null when the order does not exist. Rejects when MySQL is unavailable. */
  readonly findOrder: (orderId: string) => Promise<StoredOrder | null>;
  readonly isDeadLetter: (position: LogPosition) => Promise<boolean>;
  /** Versions that this process has shown, by order id. */
  readonly shown: BoundedMap<string, number>;
}

export interface StatusQuery {
  readonly orderId: string;
  readonly customerId: string;
  /** An operator sees the orders of all customers. */
  readonly isOperator?: boolean;
  /** Position from a valid ticket; `otherLog` for a ticket of a deleted log. */
  readonly ticket: LogPosition | 'otherLog' | null;
  /** The lowest acceptable version. */
  readonly floor?: number;
  /** Skips the cache, because the caller has just learned of a change. */
  readonly fresh?: boolean;
}

/**
 * Returns NOT_FOUND if the caller may see no such order. Returns STATE_UNAVAILABLE if neither the stores nor the
 * ticket give the state. Returns ORDER_LOST if an accepted order is in no store and its command is no longer in the
 * log. Never rejects.
 */
export type ReadStatus = (query: StatusQuery) => Promise<OrderState | Failure>;

const notFound = new Failure('NOT_FOUND');
const orderLost = new Failure('ORDER_LOST');
const retryAfterMs = 1_000;

export function createReadStatus(deps: StatusDeps): ReadStatus {
  return async (query) => {
    const { orderId, fresh = false } = query;
    const ticket = query.ticket === 'otherLog' ? null : query.ticket;
    const floor = Math.max(query.floor ?? 0, deps.shown.get(orderId) ?? 0);
    const cached = fresh ? 'missing' : await deps.cache.find(orderId);
    if (typeof cached === 'object' && cached.version >= floor) return show(deps, cached, query);
    // No command this far behind the last published outcome is decided. So a long queue causes no reads of the
    // database.
    if (ticket !== null && floor === 0 && aheadOf(deps, ticket) >= decidedAheadMax) return queuedAt(ticket);
    try {
      return await readStore(deps, query);
    } catch (cause) {
      if (ticket !== null && floor === 0 && aheadOf(deps, ticket) >= 0) return queuedAt(ticket);
      // The cache may hold an older version than the client has, and versions must not go back.
      return new Failure('STATE_UNAVAILABLE', { retryAfterMs, cause });
    }
  };
}

async function readStore(deps: StatusDeps, query: StatusQuery): Promise<OrderState | Failure> {
  const { orderId, ticket } = query;
  const stored = await deps.findOrder(orderId);
  if (stored !== null) return showStored(deps, stored, query);
  if (ticket === null) return notFound;
  if (ticket === 'otherLog') return orderLost;
  // Read the position first and then the row, because the worker may write the row in between.
  if (!(await isDecided(deps, ticket))) return { kind: 'queued', position: ticket };
  const late = await deps.findOrder(orderId);
  if (late !== null) return showStored(deps, late, query);
  // The partition has passed the command without an order. If it is not a dead letter, the command was lost.
  if (await deps.isDeadLetter(ticket)) return { kind: 'deadLettered' };
  // Outcomes of a deleted log may look like outcomes of this log. The positions from the database are only of this
  // log.
  if (!(await isPast(deps, ticket))) return queuedAt(ticket);
  return orderLost;
}

function queuedAt(position: LogPosition): OrderState {
  return { kind: 'queued', position };
}

function showStored(deps: StatusDeps, stored: StoredOrder, query: StatusQuery): OrderState | Failure {
  const order = orderResource(stored);
  deps.cache.prime(order);
  return show(deps, order, query);
}

/** An order of another customer is reported as missing, except to operators. */
function show(
  deps: StatusDeps,
  order: OrderResource,
  { customerId, isOperator = false }: StatusQuery,
): OrderState | Failure {
  if (order.customerId !== customerId && !isOperator) return notFound;
  deps.shown.set(order.id, order.version);
  return { kind: 'known', order };
}

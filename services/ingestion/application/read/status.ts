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
import type { OrderCache } from './order-cache.ts';
import type { StoredOrder } from './order-rows.ts';
import type { PartitionPosition } from './order-store.ts';
import type { PartitionProgress } from './partition-progress.ts';

export type OrderState =
  | { readonly kind: 'known'; readonly order: OrderResource }
  | { readonly kind: 'queued'; readonly position: LogPosition }
  /** The command was dead-lettered and made no order. */
  | { readonly kind: 'deadLettered' };

export interface StatusDeps {
  readonly cache: OrderCache;
  /** Null when the order does not exist. Rejects when MySQL is unavailable. */
  readonly findOrder: (orderId: string) => Promise<StoredOrder | null>;
  readonly partitionPositions: () => Promise<readonly PartitionPosition[]>;
  readonly isDeadLetter: (position: LogPosition) => Promise<boolean>;
  readonly progress: Pick<PartitionProgress, 'nextUnpublished' | 'publishedUpTo'>;
  /** Versions that this process has shown, by order id. */
  readonly shown: BoundedMap<string, number>;
}

export interface StatusQuery {
  readonly orderId: string;
  readonly customerId: string;
  /** Position from a valid ticket; `otherLog` for a ticket of a deleted log. */
  readonly ticket: LogPosition | 'otherLog' | null;
  /** The lowest acceptable version. */
  readonly floor?: number;
  /** Skips the cache, because the caller has just learned of a change. */
  readonly fresh?: boolean;
}

/**
 * Returns NOT_FOUND if the customer has no such order. Returns STATE_UNAVAILABLE if neither the stores nor the
 * ticket give the state. Returns ORDER_LOST if an accepted order is in no store and its command is no longer in the
 * log. Never rejects.
 */
export type ReadStatus = (query: StatusQuery) => Promise<OrderState | Failure>;

const notFound = new Failure('NOT_FOUND');
const orderLost = new Failure('ORDER_LOST');
const retryAfterMs = 1_000;

export function createReadStatus(deps: StatusDeps): ReadStatus {
  return async (query) => {
    const { orderId, customerId, fresh = false } = query;
    const ticket = query.ticket === 'otherLog' ? null : query.ticket;
    const floor = Math.max(query.floor ?? 0, deps.shown.get(orderId) ?? 0);
    const cached = fresh ? 'missing' : await deps.cache.find(orderId);
    if (typeof cached === 'object' && cached.version >= floor) return show(deps, cached, customerId);
    // No command this far behind the last published outcome is decided. So a long queue causes no reads of the
    // database.
    if (ticket !== null && floor === 0 && aheadOf(deps, ticket) >= decidedAheadMax) return queuedAt(ticket);
    try {
      return await readStore(deps, orderId, customerId, query.ticket);
    } catch (cause) {
      if (ticket !== null && floor === 0 && aheadOf(deps, ticket) >= 0) return queuedAt(ticket);
      // The cache may hold an older version than the client has, and versions must not go back.
      return new Failure('STATE_UNAVAILABLE', { retryAfterMs, cause });
    }
  };
}

async function readStore(
  deps: StatusDeps,
  orderId: string,
  customerId: string,
  ticket: StatusQuery['ticket'],
): Promise<OrderState | Failure> {
  const stored = await deps.findOrder(orderId);
  if (stored !== null) return showStored(deps, stored, customerId);
  if (ticket === null) return notFound;
  if (ticket === 'otherLog') return orderLost;
  // Read the position first and then the row, because the worker may write the row in between.
  if (!(await isDecided(deps, ticket))) return { kind: 'queued', position: ticket };
  const late = await deps.findOrder(orderId);
  if (late !== null) return showStored(deps, late, customerId);
  // The partition has passed the command without an order. If it is not a dead letter, the command was lost.
  if (await deps.isDeadLetter(ticket)) return { kind: 'deadLettered' };
  // Outcomes of a deleted log may look like outcomes of this log. The positions from the database are only of this
  // log.
  if (!(await isPast(deps, ticket))) return queuedAt(ticket);
  return orderLost;
}

/**
 * Commands ahead of the position without a published outcome. Negative if the outcome of the position is published, or
 * if unknown.
 */
function aheadOf({ progress }: StatusDeps, { partition, offset }: LogPosition): number {
  const next = progress.nextUnpublished(partition);
  return next === null ? -1 : offset - next;
}

function queuedAt(position: LogPosition): OrderState {
  return { kind: 'queued', position };
}

async function isDecided(deps: StatusDeps, position: LogPosition): Promise<boolean> {
  const next = deps.progress.nextUnpublished(position.partition);
  if (next !== null && next > position.offset) return true;
  return isPast(deps, position);
}

/** Whether the partition has decided the command at the position, according to the database. */
async function isPast(deps: StatusDeps, { partition, offset }: LogPosition): Promise<boolean> {
  const rows = await deps.partitionPositions();
  for (const row of rows) deps.progress.publishedUpTo(row.partition, row.publishedOffset);
  return (rows.find((row) => row.partition === partition)?.nextOffset ?? 0) > offset;
}

function showStored(deps: StatusDeps, stored: StoredOrder, customerId: string): OrderState | Failure {
  const order = orderResource(stored);
  deps.cache.prime(order);
  return show(deps, order, customerId);
}

/** An order of another customer is reported as missing. */
function show(deps: StatusDeps, order: OrderResource, customerId: string): OrderState | Failure {
  if (order.customerId !== customerId) return notFound;
  deps.shown.set(order.id, order.version);
  return { kind: 'known', order };
}

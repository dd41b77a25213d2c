/**
 * The state of one order: from Redis, then MySQL, or from the ticket while neither has it. Versions never go back: a
 * version below the floor (the client's version, or the last one shown by this process) is ignored.
 */
import { type OrderResource, orderResource } from '../../../domain/index.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { BoundedMap } from '../common/bounded-map.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { OrderCache } from './order-cache.ts';
import type { StoredOrder } from './order-rows.ts';
import type { LanePosition } from './order-store.ts';
import type { Lanes } from './partition-progress.ts';

export type OrderState =
  | { readonly kind: 'known'; readonly order: OrderResource }
  | { readonly kind: 'queued'; readonly position: LogPosition }
  /** The command was dead-lettered and made no order. */
  | { readonly kind: 'deadLettered' }
  | { readonly kind: 'missing' };

export interface StatusDeps {
  readonly cache: OrderCache;
  /** Null when the order does not exist. Rejects when MySQL is unavailable. */
  readonly findOrder: (orderId: string) => Promise<StoredOrder | null>;
  readonly lanePositions: () => Promise<readonly LanePosition[]>;
  readonly isDeadLetter: (position: LogPosition) => Promise<boolean>;
  readonly lanes: Pick<Lanes, 'nextUnpublished' | 'publishedUpTo'>;
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
  /** Do not trust the cache: the caller has just learned of a change. */
  readonly fresh?: boolean;
}

/**
 * Throws the problem STATE_UNAVAILABLE when neither the stores nor the ticket give the state. Throws ORDER_LOST when
 * an accepted order is in no store and its command is no longer in the log.
 */
export type ReadStatus = (query: StatusQuery) => Promise<OrderState>;

/**
 * So far behind the last published outcome nothing can be committed yet: a lane has at most two batches of 500 between
 * its position and its last acknowledged outcome. A long queue then costs the database no reads.
 */
const undecidedAhead = 2_000;

const missing: OrderState = { kind: 'missing' };

export function createReadStatus(deps: StatusDeps): ReadStatus {
  return async (query) => {
    const { orderId, customerId, fresh = false } = query;
    const ticket = query.ticket === 'otherLog' ? null : query.ticket;
    const floor = Math.max(query.floor ?? 0, deps.shown.get(orderId) ?? 0);
    const cached = fresh ? 'missing' : await deps.cache.find(orderId);
    if (typeof cached === 'object' && cached.version >= floor) return show(deps, cached, customerId);
    if (ticket !== null && floor === 0 && aheadOf(deps, ticket) > undecidedAhead) return queuedAt(ticket);
    try {
      return await readStore(deps, orderId, customerId, query.ticket);
    } catch (error) {
      if (error instanceof HttpProblem) throw error;
      if (ticket !== null && floor === 0 && aheadOf(deps, ticket) >= 0) return queuedAt(ticket);
      // The cache may hold an older version than the client has, and versions must not go back.
      throw new HttpProblem('STATE_UNAVAILABLE', undefined, {
        headers: { 'retry-after': '1' },
        cause: error,
      });
    }
  };
}

async function readStore(
  deps: StatusDeps,
  orderId: string,
  customerId: string,
  ticket: StatusQuery['ticket'],
): Promise<OrderState> {
  const stored = await deps.findOrder(orderId);
  if (stored !== null) return showStored(deps, stored, customerId);
  if (ticket === null) return missing;
  if (ticket === 'otherLog') throw new HttpProblem('ORDER_LOST');
  // Read the position first, then the row: the row may have been written in between.
  if (!(await isDecided(deps, ticket))) return { kind: 'queued', position: ticket };
  const late = await deps.findOrder(orderId);
  if (late !== null) return showStored(deps, late, customerId);
  // The lane has passed the command without an order. If it is not a dead letter, the command was lost.
  if (await deps.isDeadLetter(ticket)) return { kind: 'deadLettered' };
  // Outcomes of a deleted log may look like those of this one. Positions in the database are only of this log.
  if (!(await isPast(deps, ticket))) return queuedAt(ticket);
  throw new HttpProblem('ORDER_LOST');
}

/**
 * Commands ahead of the position without a published outcome. Negative if the outcome of the position is published, or
 * if unknown.
 */
function aheadOf({ lanes }: StatusDeps, { partition, offset }: LogPosition): number {
  const next = lanes.nextUnpublished(partition);
  return next === null ? -1 : offset - next;
}

function queuedAt(position: LogPosition): OrderState {
  return { kind: 'queued', position };
}

async function isDecided(deps: StatusDeps, position: LogPosition): Promise<boolean> {
  const next = deps.lanes.nextUnpublished(position.partition);
  if (next !== null && next > position.offset) return true;
  return isPast(deps, position);
}

/** Whether the lane has decided the command at the position, by the database. */
async function isPast(deps: StatusDeps, { partition, offset }: LogPosition): Promise<boolean> {
  const rows = await deps.lanePositions();
  for (const row of rows) deps.lanes.publishedUpTo(row.partition, row.publishedOffset);
  return (rows.find((row) => row.partition === partition)?.nextOffset ?? 0) > offset;
}

function showStored(deps: StatusDeps, stored: StoredOrder, customerId: string): OrderState {
  const order = orderResource(stored);
  deps.cache.prime(order);
  return show(deps, order, customerId);
}

/** An order of another customer is reported as missing. */
function show(deps: StatusDeps, order: OrderResource, customerId: string): OrderState {
  if (order.customerId !== customerId) return missing;
  deps.shown.set(order.id, order.version);
  return { kind: 'known', order };
}

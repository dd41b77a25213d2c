/**
 * The state of one order: Redis first, then MySQL, and the ticket before either knows it. Versions never go back: what
 * is below the floor (the version the client has, the one this process last showed) is not believed.
 */
import { type OrderResource, orderResource } from '../domain/index.ts';
import type { BoundedMap } from './bounded-map.ts';
import type { Lanes } from './lanes.ts';
import type { OrderCache } from './order-cache.ts';
import type { StoredOrder } from './order-rows.ts';
import type { LanePosition } from './order-store.ts';
import { HttpProblem } from './problems.ts';
import type { LogPosition } from './ticket.ts';

export type OrderState =
  | { readonly kind: 'known'; readonly order: OrderResource }
  | { readonly kind: 'queued'; readonly position: LogPosition }
  /** The command was dead-lettered and made no order. */
  | { readonly kind: 'deadLettered' }
  | { readonly kind: 'missing' };

export interface StatusDeps {
  readonly cache: OrderCache;
  /** Null when there is no such order; rejects when MySQL cannot tell. */
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
  /** Position out of a valid ticket; `otherLog` for one of a log that is gone. */
  readonly ticket: LogPosition | 'otherLog' | null;
  /** The lowest version that is still news to nobody. */
  readonly floor?: number;
  /** Do not trust the cache: the caller has just learned of a change. */
  readonly fresh?: boolean;
}

/**
 * Throws the problem STATE_UNAVAILABLE when neither the stores nor the ticket can tell, and ORDER_LOST when an accepted order is
 * in no store and its command no longer in the log.
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
      // The cache may still hold an older truth than the client has: that would be going back.
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
  // Position first, then the row: a row missing before the position was read may have come in between.
  if (!(await isDecided(deps, ticket))) return { kind: 'queued', position: ticket };
  const late = await deps.findOrder(orderId);
  if (late !== null) return showStored(deps, late, customerId);
  // The lane is past the command and made no order of it. Unless it is a dead letter, it was not there to be decided.
  if (await deps.isDeadLetter(ticket)) return { kind: 'deadLettered' };
  // Outcomes of a log that is gone may look like those of this one; the positions in the database are of this one only.
  if (!(await isPast(deps, ticket))) return queuedAt(ticket);
  throw new HttpProblem('ORDER_LOST');
}

/** Commands in front of the position whose outcome is not out; negative when the position's own is out, or nothing is known. */
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

/** Another customer's order is no order at all. */
function show(deps: StatusDeps, order: OrderResource, customerId: string): OrderState {
  if (order.customerId !== customerId) return missing;
  deps.shown.set(order.id, order.version);
  return { kind: 'known', order };
}

/** Converts outcomes to states. All functions are pure. */
import type { OrderEvent, OrderState, OrderTerms, Reason } from '../../schemas/index.ts';

/** The position of the states of a partition, as a marker stores it. */
export interface Position {
  /** Source offset of the last covered outcome; -1 before the first. */
  covers: number;
  /** Outcomes above this source offset are covered without a hole. -1 means that all outcomes are covered. */
  coversFrom: number;
  /** The next offset of the outcome topic to read. */
  eventsOffset: bigint;
}

export const atTheBeginning: Position = { covers: -1, coversFrom: -1, eventsOffset: 0n };

/** The values of an order that its first outcome fixed. Later outcomes do not contain them. */
export interface Origin {
  terms: OrderTerms | null;
  createdAt: number | null;
  /** Why the order was rejected. */
  reason: OrderState['reason'];
}

/** The newest outcome of one order in a batch. */
export interface Draft {
  orderId: string;
  event: OrderEvent;
  /** Null if the order was decided before this batch. Then the database has its origin. */
  origin: Origin | null;
}

export interface Projection {
  position: Position;
  /** The drafts by order id, sorted by the first change of the order in the batch. */
  drafts: Map<string, Draft>;
  /** Number of outcomes that were already covered. */
  repeats: number;
  /** Ranges of source offsets without an outcome. */
  holes: { after: number; before: number }[];
  /** Time of the decision of the last covered outcome, epoch ms. */
  atMs: number;
}

/** An outcome with its offset. `event` is null if the outcome cannot be decoded. Such an outcome appears as a hole. */
export interface ReadEvent {
  offset: bigint;
  event: OrderEvent | null;
}

/** Applies outcomes to a position, in the order of their log. */
export function project(from: Position, events: readonly ReadEvent[]): Projection {
  const result: Projection = { position: { ...from }, drafts: new Map(), repeats: 0, holes: [], atMs: 0 };
  const { position } = result;
  for (const { offset, event } of events) {
    position.eventsOffset = offset + 1n;
    if (event === null) continue;
    const { sourceOffset, prevSourceOffset } = event;
    if (sourceOffset <= position.covers) {
      result.repeats += 1;
      continue;
    }
    if (prevSourceOffset > position.covers) {
      result.holes.push({ after: position.covers, before: sourceOffset });
      position.coversFrom = prevSourceOffset;
    }
    position.covers = sourceOffset;
    result.atMs = event.occurredAt;
    if (event.orderId !== null) takeOver(result.drafts, event.orderId, event);
  }
  return result;
}

function takeOver(drafts: Map<string, Draft>, orderId: string, event: OrderEvent): void {
  switch (event.outcome) {
    case 'ACCEPTED':
    case 'REJECTED':
      drafts.set(orderId, { orderId, event, origin: originOf(event) });
      break;
    case 'APPLIED':
      drafts.set(orderId, { orderId, event, origin: drafts.get(orderId)?.origin ?? null });
      break;
    default:
      // Other outcomes change no order.
      break;
  }
}

function originOf(event: OrderEvent): Origin {
  return { terms: termsOf(event), createdAt: event.occurredAt, reason: shownReason(event.reason) };
}

/** A state does not show what the decision saw. */
export function shownReason(reason: Reason | null): OrderState['reason'] {
  return reason === null ? null : { code: reason.code, message: reason.message, pointer: reason.pointer };
}

/**
 * The terms of an order, without product names. The names belong to the catalogue, and the rows of lines do not store
 * them.
 */
function termsOf({ order }: OrderEvent): OrderTerms | null {
  if (order === null) return null;
  const lines = order.lines.map(({ name: _name, ...line }) => line);
  return { ...order, lines };
}

/** The state of an order after its newest outcome. */
export function stateOf({ orderId, event }: Draft, origin: Origin): OrderState {
  return {
    orderId,
    customerId: event.customerId,
    version: event.version,
    status: event.status,
    createdAt: origin.createdAt,
    updatedAt: event.occurredAt,
    sourcePartition: event.sourcePartition,
    sourceOffset: event.sourceOffset,
    coversFrom: null,
    eventsOffset: null,
    reason: shownReason(event.reason) ?? origin.reason,
    terms: origin.terms,
    money: event.money,
    units: event.units,
  };
}

/** The marker that follows the states of a batch. */
export function markerOf(partition: number, position: Position, atMs: number): OrderState {
  return {
    orderId: null,
    customerId: null,
    version: 0,
    status: null,
    createdAt: null,
    updatedAt: atMs,
    sourcePartition: partition,
    sourceOffset: position.covers,
    coversFrom: position.coversFrom,
    eventsOffset: Number(position.eventsOffset),
    reason: null,
    terms: null,
    money: null,
    units: null,
  };
}

/** The contents of a marker; null for the state of an order. */
export function positionIn(state: OrderState): Position | null {
  if (state.orderId !== null || state.coversFrom === null || state.eventsOffset === null) return null;
  const { sourceOffset: covers, coversFrom, eventsOffset } = state;
  return { covers, coversFrom, eventsOffset: BigInt(eventsOffset) };
}

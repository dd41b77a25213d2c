/**
 * What the latest outcomes said, in bounded memory: the newest state of each order and the newest events. The oldest
 * are forgotten first; a damage to what is forgotten is still found where the tables contradict themselves.
 */
import type { OrderEvent } from '../../../schemas/index.ts';
import { createNewestMap } from './newest-map.ts';

/** What an order's row should say, from its newest outcome. */
export interface ExpectedOrder {
  orderId: string;
  customerId: string | null;
  partition: number;
  /** Of the command that the newest outcome answers. */
  sourceOffset: number;
  version: number;
  status: string | null;
  /** Minor units; null where no outcome that is remembered carried it. */
  total: number | null;
}

/** One outcome, as notification should have seen it. */
export interface RecentEvent {
  eventId: string;
  type: string;
  customerId: string | null;
  partition: number;
  sourceOffset: number;
  occurredAtMs: number;
}

export interface Memory {
  note(event: OrderEvent): void;
  orders(): ExpectedOrder[];
  order(orderId: string): ExpectedOrder | undefined;
  /** Keeps orders beyond their turn, because their rows looked wrong; gives how many found no room. */
  watch(orders: readonly ExpectedOrder[]): number;
  /** Ends that for an order whose row is right. */
  unwatch(orderId: string): void;
  events(): readonly RecentEvent[];
}

const watchedMax = 20_000;
const orderIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createMemory(limits: { ordersMax: number; eventsMax: number }): Memory {
  const orders = createNewestMap<string, ExpectedOrder>(limits.ordersMax);
  const watched = new Map<string, ExpectedOrder>();
  let events: RecentEvent[] = [];

  return {
    note(event) {
      if (!isOrderState(event)) return;
      const known = orders.get(event.orderId) ?? watched.get(event.orderId);
      const expected = expectedOf(event, known);
      orders.set(event.orderId, expected);
      if (watched.has(event.orderId)) watched.set(event.orderId, expected);
      events.push(recentOf(event));
      // Cut in one go now and then: shift() on a long array is slow.
      if (events.length > 2 * limits.eventsMax) events = events.slice(-limits.eventsMax);
    },
    orders: () => [
      ...orders.values(),
      ...[...watched.values()].filter(({ orderId }) => !orders.has(orderId)),
    ],
    order: (orderId) => orders.get(orderId) ?? watched.get(orderId),
    watch(found) {
      let dropped = 0;
      for (const order of found) {
        if (watched.size < watchedMax || watched.has(order.orderId)) watched.set(order.orderId, order);
        else dropped++;
      }
      return dropped;
    },
    unwatch: (orderId) => void watched.delete(orderId),
    events: () => events.slice(-limits.eventsMax),
  };
}

/** Whether the text has the form of an order id. */
export function isOrderId(text: string): boolean {
  return orderIdPattern.test(text);
}

/** An outcome that changed an order, under an id that can be one. */
export function isOrderState(event: OrderEvent): event is OrderEvent & { orderId: string } {
  const { outcome, orderId } = event;
  const changed = outcome === 'ACCEPTED' || outcome === 'REJECTED' || outcome === 'APPLIED';
  return changed && orderId !== null && isOrderId(orderId);
}

/** Later outcomes carry no totals; those of the acceptance stay. */
export function expectedOf(
  event: OrderEvent & { orderId: string },
  known: ExpectedOrder | undefined,
): ExpectedOrder {
  const { orderId, customerId, sourcePartition: partition, sourceOffset, version, status, order } = event;
  const total = order?.total ?? known?.total ?? null;
  return { orderId, customerId, partition, sourceOffset, version, status, total };
}

function recentOf(event: OrderEvent): RecentEvent {
  const { eventId, type, customerId, sourcePartition: partition, sourceOffset, occurredAt } = event;
  return { eventId, type, customerId, partition, sourceOffset, occurredAtMs: occurredAt };
}

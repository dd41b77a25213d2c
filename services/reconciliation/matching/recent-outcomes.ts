/**
 * The newest outcomes in bounded memory: the newest state of each order and the newest events. The oldest entries
 * are evicted first. The service still finds damage to an evicted order if the tables contradict each other.
 */
import type { OrderEvent, OrderMoney, OrderUnits } from '../../../schemas/index.ts';
import { createNewestMap } from './newest-map.ts';

/** The expected values of an order's row, from its newest outcome. */
export interface ExpectedOrder {
  orderId: string;
  customerId: string | null;
  partition: number;
  /** Offset of the command that the newest outcome belongs to. */
  sourceOffset: number;
  version: number;
  status: string | null;
  /** In minor units. Null if no remembered outcome contains it. */
  total: number | null;
  /** The money of the order after the outcome. Null if the outcome does not contain it. */
  money: OrderMoney | null;
  /** The units of the order after the outcome. Null for a new order, whose units are those of its lines. */
  units: OrderUnits | null;
}

/** One outcome that notification should have processed. */
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
  /** Exempts orders from eviction because their rows looked wrong. Returns the number of orders without room. */
  watch(orders: readonly ExpectedOrder[]): number;
  /** Ends the exemption of an order whose row is right. */
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
      // Cut the array in one step at intervals, because shift() on a long array is slow.
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

/** An outcome that changed an order and has a valid order id. */
export function isOrderState(event: OrderEvent): event is OrderEvent & { orderId: string } {
  const { outcome, orderId } = event;
  const changed = outcome === 'ACCEPTED' || outcome === 'REJECTED' || outcome === 'APPLIED';
  return changed && orderId !== null && isOrderId(orderId);
}

/** Later outcomes have no totals, so the total of the acceptance stays. */
export function expectedOf(
  event: OrderEvent & { orderId: string },
  known: ExpectedOrder | undefined,
): ExpectedOrder {
  const { orderId, customerId, sourcePartition: partition, sourceOffset, version, status, order } = event;
  const total = order?.total ?? known?.total ?? null;
  return {
    ...{ orderId, customerId, partition, sourceOffset, version, status, total },
    money: sharedIfNone(event.money),
    units: version > 1 ? event.units : null,
  };
}

const noMoney: OrderMoney = { received: 0, refundPending: 0, refunded: 0, disputed: 0 };

/** Most remembered orders have no money, so they share one object. */
export function sharedIfNone(money: OrderMoney | null): OrderMoney | null {
  return money !== null && isSameMoney(money, noMoney) ? noMoney : money;
}

/** Whether both sides agree. A side without money proves nothing. */
export function isSameMoney(a: OrderMoney | null, b: OrderMoney | null): boolean {
  if (a === null || b === null) return true;
  return (
    a.received === b.received &&
    a.refundPending === b.refundPending &&
    a.refunded === b.refunded &&
    a.disputed === b.disputed
  );
}

/** Whether both sides agree. A side without units proves nothing. */
export function isSameUnits(a: OrderUnits | null, b: OrderUnits | null): boolean {
  if (a === null || b === null) return true;
  return (
    a.ordered === b.ordered &&
    a.cancelled === b.cancelled &&
    a.shipped === b.shipped &&
    a.returned === b.returned &&
    a.restocked === b.restocked
  );
}

function recentOf(event: OrderEvent): RecentEvent {
  const { eventId, type, customerId, sourcePartition: partition, sourceOffset, occurredAt } = event;
  return { eventId, type, customerId, partition, sourceOffset, occurredAtMs: occurredAt };
}

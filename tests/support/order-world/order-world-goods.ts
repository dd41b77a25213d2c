/** Goods and unpaid units in a small world (order-world.ts), as workers decide them. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { AT_MS, change, keyOf, orderPartitions, type World, type WorldOrder } from './order-world.ts';
import { pay, refund } from './order-world-money.ts';

/**
 * An order of 3 units is paid and shipped in two parcels, of which the first is delivered. One unit comes back, is restocked
 * and refunded. Another order counts its units as unpaid.
 */
export function addGoods(world: World): void {
  const [shipped, unpaid] = world.orders.filter(
    ({ status, partition, couponCode, items: [item] }) =>
      status === 'PENDING_PAYMENT' &&
      couponCode === null &&
      item!.quantity === 3 &&
      !orderPartitions.includes(partition),
  );
  const paymentId = pay(world, shipped!);
  ship(world, shipped!, 2);
  deliverFirst(world, shipped!);
  ship(world, shipped!, 1);
  takeBack(world, shipped!, paymentId);
  unpaid!.unpaidUnits = 3;
  // The units of a paid order are given back.
  shipped!.unpaidUnits = 3;
  world.unpaidCustomers.push({ customerId: 'c1', units: 3 }, { customerId: 'c2', units: 0 });
  world.published = [...world.next];
}

/** The order that `addGoods` shipped. */
export function shippedOrder({ orders }: World): WorldOrder {
  return orders.find(({ status }) => status === 'SHIPPED')!;
}

function ship(world: World, order: WorldOrder, quantity: number): void {
  const [item] = order.items;
  item!.shipped += quantity;
  world.stock[0]!.shipped += quantity;
  const lines = [{ line: 1, quantity }];
  const parcels = world.shipments.filter(({ orderKey }) => orderKey === keyOf(order));
  world.shipments.push({ orderKey: keyOf(order), no: parcels.length + 1, lines, isDelivered: false });
  const isLast = item!.shipped === item!.quantity;
  if (isLast) order.status = 'SHIPPED';
  change(world, order, isLast ? 'order.shipped' : 'order.partially_shipped', {
    type: 'SHIP',
    payload: { carrier: null, trackingNumber: null, lines },
  });
}

function deliverFirst(world: World, order: WorldOrder): void {
  world.shipments.find(({ orderKey }) => orderKey === keyOf(order))!.isDelivered = true;
  change(world, order, 'order.partially_delivered', {
    type: 'DELIVER',
    payload: { deliveredAt: AT_MS, shipment: 1 },
  });
}

/** One unit comes back, can be sold again, and is paid back. */
function takeBack(world: World, order: WorldOrder, paymentId: string): void {
  const [item] = order.items;
  item!.returned += 1;
  item!.restocked += 1;
  item!.refunded += 1;
  world.stock[0]!.available += 1;
  world.stock[0]!.shipped -= 1;
  const lines = [{ line: 1, quantity: 1, restock: 1 }];
  const amount = item!.unitPrice!;
  order.refundPending = amount;
  change(world, order, 'order.partially_returned', {
    type: 'RETURN',
    payload: { reason: null, lines, refund: true },
  } as Pick<OrderCommand, 'type' | 'payload'>);
  const refundId = refund(world, order, paymentId, amount);
  world.returns.push({ orderKey: keyOf(order), no: 1, lines, refundId });
}

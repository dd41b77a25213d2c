/** Money in a small world (order-world.ts), as workers decide it. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { command, idOf, orderPartitions, outcome, type World, type WorldOrder } from './order-world.ts';

/** An order is paid, and a cancelled one gets late money, which is refunded. Two orders took counters of a coupon. */
export function addMoney(world: World): void {
  const [paid, open] = world.orders.filter(
    ({ status, partition }) => status === 'PENDING_PAYMENT' && !orderPartitions.includes(partition),
  );
  const cancelled = world.orders.findLast(({ status }) => status === 'CANCELLED')!;
  pay(world, paid!);
  payLate(world, cancelled);
  payNoOrder(world);
  takeCoupon(open!);
  takeCoupon(cancelled);
  world.couponCounters.push({ code: 'TEN', initial: 10, available: 9 });
  world.couponCustomers.push({ code: 'TEN', customerId: 'c1', used: 1 });
  world.published = [...world.next];
}

/** One payment of exactly the total settles the order. */
function pay(world: World, order: WorldOrder): void {
  const amount = order.total;
  order.status = 'PAID';
  order.received = amount;
  confirm(world, order, amount, 'SETTLES');
}

/** Money for an order that has ended. Its refund succeeds. */
function payLate(world: World, order: WorldOrder): void {
  const amount = 700;
  order.received = amount;
  const paymentId = confirm(world, order, amount, 'LATE');
  addRefund(world, { orderKey: keyOf(order), no: 1, orderId: order.id, paymentId, amount });
  change(world, order, 'RECORD_REFUND', 'order.refunded', {
    received: amount,
    refundPending: 0,
    refunded: amount,
  });
  order.refunded = amount;
}

/** Money that names no order of the world. Its refund succeeds. */
function payNoOrder(world: World): void {
  const id = idOf('no order');
  const orderKey = 11 * 2 ** 48 + 1_000_000;
  const paymentId = addPayment(world, { orderKey, no: 1, orderId: id, amount: 90, disposition: 'UNMATCHED' });
  addRefund(world, { orderKey, no: 1, orderId: id, paymentId, amount: 90 });
}

function takeCoupon(order: WorldOrder): void {
  order.couponCode = 'TEN';
  order.couponCounted = 3;
}

function confirm(world: World, order: WorldOrder, amount: number, disposition: string): string {
  const refundPending = disposition === 'SETTLES' ? 0 : amount;
  const type = disposition === 'SETTLES' ? 'order.paid' : 'order.payment_kept';
  change(world, order, 'CONFIRM_PAYMENT', type, { received: amount, refundPending, refunded: 0 });
  return addPayment(world, { orderKey: keyOf(order), no: 1, orderId: order.id, amount, disposition });
}

function addPayment(world: World, payment: Omit<World['payments'][number], 'paymentId'>): string {
  const paymentId = idOf(`payment ${payment.orderKey} ${payment.no}`);
  world.payments.push({ ...payment, paymentId });
  return paymentId;
}

function addRefund(world: World, refund: Omit<World['refunds'][number], 'refundId' | 'status'>): void {
  const refundId = idOf(`refund ${refund.orderKey} ${refund.no}`);
  world.refunds.push({ ...refund, refundId, status: 'SUCCEEDED' });
}

/** A command that is applied to the order, with the money after it. */
function change(
  world: World,
  order: WorldOrder,
  commandType: 'CONFIRM_PAYMENT' | 'RECORD_REFUND',
  type: string,
  money: { received: number; refundPending: number; refunded: number },
): void {
  const { id, partition } = order;
  const version = order.version + 1;
  const commandId = `money:${id}:${version}`;
  const payload = payloads[commandType];
  const offset = command(world, partition, id, {
    type: commandType,
    commandId,
    payload,
  } as Partial<OrderCommand>);
  order.version = version;
  world.history.push({ orderId: id, version, status: order.status });
  outcome(world, partition, offset, {
    ...{ outcome: 'APPLIED', type, orderId: id, version, status: order.status, commandId, commandType },
    money: { ...money, disputed: 0 },
  });
}

/** The checks read no contents of these commands. */
const payloads = {
  CONFIRM_PAYMENT: {
    ...{ provider: 'local', providerEventId: 'e', amount: 1, currency: 'EUR' },
    ...{ providerPaymentId: null, kind: 'CAPTURED', reference: null },
  },
  RECORD_REFUND: {
    ...{ provider: 'local', providerEventId: 'e', amount: 1, currency: 'EUR', succeeded: true },
    ...{ refundId: null, providerRefundId: null, failureCode: null },
  },
};

function keyOf({ partition, offset }: WorldOrder): number {
  return partition * 2 ** 48 + offset;
}

/** Money in a small world (order-world.ts), as workers decide it. */
import { change, idOf, keyOf, orderPartitions, type World, type WorldOrder } from './order-world.ts';

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

/** One payment of exactly the total settles the order. Returns its id. */
export function pay(world: World, order: WorldOrder): string {
  const amount = order.total;
  order.status = 'PAID';
  return confirm(world, order, amount, 'SETTLES');
}

/** Money for an order that has ended. Its refund succeeds. */
function payLate(world: World, order: WorldOrder): void {
  const amount = 700;
  order.refundPending = amount;
  const paymentId = confirm(world, order, amount, 'LATE');
  refund(world, order, paymentId, amount);
}

/** A refund of the payment that was requested before. It succeeds. Returns its id. */
export function refund(world: World, order: WorldOrder, paymentId: string, amount: number): string {
  const refundId = addRefund(world, { orderKey: keyOf(order), no: 1, orderId: order.id, paymentId, amount });
  order.refundPending -= amount;
  order.refunded += amount;
  change(world, order, 'order.refunded', { type: 'RECORD_REFUND', payload: recordedRefund });
  return refundId;
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
  order.received += amount;
  const type = disposition === 'SETTLES' ? 'order.paid' : 'order.payment_kept';
  change(world, order, type, { type: 'CONFIRM_PAYMENT', payload: confirmedPayment });
  return addPayment(world, { orderKey: keyOf(order), no: 1, orderId: order.id, amount, disposition });
}

function addPayment(world: World, payment: Omit<World['payments'][number], 'paymentId'>): string {
  const paymentId = idOf(`payment ${payment.orderKey} ${payment.no}`);
  world.payments.push({ ...payment, paymentId });
  return paymentId;
}

function addRefund(world: World, row: Omit<World['refunds'][number], 'refundId' | 'status'>): string {
  const refundId = idOf(`refund ${row.orderKey} ${row.no}`);
  world.refunds.push({ ...row, refundId, status: 'SUCCEEDED' });
  return refundId;
}

/** The checks read no contents of these commands. */
const confirmedPayment = {
  ...{ provider: 'local', providerEventId: 'e', amount: 1, currency: 'EUR' },
  ...{ providerPaymentId: null, kind: 'CAPTURED', reference: null },
};
const recordedRefund = {
  ...{ provider: 'local', providerEventId: 'e', amount: 1, currency: 'EUR', succeeded: true },
  ...{ refundId: null, providerRefundId: null, failureCode: null },
};

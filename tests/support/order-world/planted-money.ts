/** Differences of money, coupons and timers to plant. Most are about money without an order, so that no order is damaged. */
import { isDecided } from '../../../services/domain/index.ts';
import { AT_MS, idOf, keyOf, type WorldOrder } from './order-world.ts';
import { shipAll } from './planted-goods.ts';
import { idBytes, type Plant, type Planting, plant } from './planting.ts';

const dayMs = 24 * 3_600_000;

interface Money {
  /** The order of the payment. Without it, the payment names no order. */
  order?: WorldOrder;
  amount: number;
  disposition?: string;
  /** Whether the provider lists it. */
  isListed?: boolean;
}

let made = 0;

interface Listed {
  kind: 'payment' | 'refund';
  id: string;
  payment: string;
  amount: number;
  status: string;
}

/** Adds a record that the provider lists for longer than its grace. Returns the subject of a finding about it. */
async function list({ sql }: Planting, { kind, id, payment, amount, status }: Listed): Promise<string> {
  const listedAtMs = Date.now();
  await sql(
    "INSERT INTO provider_records VALUES ('local', ?, ?, ?, ?, 'EUR', ?, ?, ?, ?)",
    ...[kind, id, payment, amount, status, AT_MS - dayMs, listedAtMs - dayMs, listedAtMs],
  );
  return `local/${id}`;
}

/** Adds a row of `payments`. Returns its key and the id of the payment. */
async function addPayment(p: Planting, { order, amount, disposition = 'UNMATCHED', isListed = true }: Money) {
  made++;
  const paymentId = idOf(`planted payment ${made}`);
  const orderKey = order === undefined ? 11 * 2 ** 48 + 2_000_000 + made : keyOf(order);
  const orderId = order?.id ?? idOf(`planted order ${made}`);
  if (isListed)
    await list(p, { kind: 'payment', id: paymentId, payment: paymentId, amount, status: 'captured' });
  await p.sql(
    `INSERT INTO payments (order_key, payment_no, payment_id, order_id, provider, provider_payment_id, provider_event_id, amount, currency,
       disposition, received_at_ms, source_partition, source_offset) VALUES (?, ?, ?, ?, 'local', ?, '', ?, 'EUR', ?, ?, 0, 0)`,
    ...[orderKey, made, idBytes(paymentId), idBytes(orderId), paymentId, amount, disposition, AT_MS],
  );
  return { orderKey, orderId, paymentId };
}

type AddedPayment = Awaited<ReturnType<typeof addPayment>>;

/** Adds a refund of the payment. Returns its id. */
async function addRefund(
  { sql }: Planting,
  { orderKey, orderId, paymentId }: AddedPayment,
  { amount, status, sinceMs = Date.now() }: { amount: number; status: string; sinceMs?: number },
): Promise<string> {
  made++;
  const refundId = idOf(`planted refund ${made}`);
  await sql(
    `INSERT INTO refunds (order_key, refund_no, refund_id, order_id, payment_id, provider, provider_payment_id, amount, currency, status,
       reason, requested_at_ms) VALUES (?, ?, ?, ?, ?, 'local', ?, ?, 'EUR', ?, 'UNMATCHED', ?)`,
    ...[
      orderKey,
      made,
      idBytes(refundId),
      idBytes(orderId),
      idBytes(paymentId),
      paymentId,
      amount,
      status,
      sinceMs,
    ],
  );
  return refundId;
}

const payments: Plant[] = [
  plant('a received sum without a payment', async (p) => {
    const { id } = p.order();
    await p.sql('UPDATE orders SET received = 5 WHERE order_id = ?', idBytes(id));
    return [`PAYMENT_DIFFERS ${id}`, `ORDER_DIFFERS ${id}`];
  }),
  plant('a payment with its refund in no sum of the order', async (p) => {
    const order = p.order();
    const payment = await addPayment(p, { order, amount: 300, disposition: 'MISMATCH' });
    await addRefund(p, payment, { amount: 300, status: 'SUCCEEDED' });
    return [`PAYMENT_DIFFERS ${order.id}`];
  }),
  plant('a payment of another order', async (p) => {
    const order = p.order();
    const payment = await addPayment(p, { order, amount: 0, disposition: 'MISMATCH' });
    await p.sql(
      'UPDATE payments SET order_id = ? WHERE payment_id = ?',
      idBytes(idOf('another')),
      idBytes(payment.paymentId),
    );
    return [`PAYMENT_DIFFERS ${order.id}`];
  }),
  plant('an order without the payment that settled it', async (p) => {
    const order = p.world.orders.find(({ status }) => status === 'PAID')!;
    const [payment] = p.world.payments.filter(({ orderId }) => orderId === order.id);
    await p.sql('DELETE FROM payments WHERE order_id = ?', idBytes(order.id));
    return [
      `PAID_UNPAID ${order.id}`,
      `PAYMENT_DIFFERS ${order.id}`,
      `PROVIDER_DIFFERS local/${payment!.paymentId}`,
    ];
  }),
  plant('money without an order and without a refund', async (p) => {
    const { paymentId } = await addPayment(p, { amount: 400 });
    return [`MONEY_STRANDED ${paymentId}`];
  }),
  plant('money of which only a part is refunded', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    await addRefund(p, payment, { amount: 399, status: 'SUCCEEDED' });
    return [`MONEY_STRANDED ${payment.paymentId}`];
  }),
  plant('money that is refunded twice', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    await addRefund(p, payment, { amount: 400, status: 'SUCCEEDED' });
    await addRefund(p, payment, { amount: 1, status: 'REQUESTED' });
    return [`REFUND_ABOVE ${payment.paymentId}`];
  }),
];

const refunds: Plant[] = [
  plant('a refund that nobody pays', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    const sinceMs = Date.now() - 2 * dayMs;
    return [`REFUND_STUCK ${await addRefund(p, payment, { amount: 400, status: 'REQUESTED', sinceMs })}`];
  }),
  plant('a refund that the provider did not answer ten times', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    const refundId = await addRefund(p, payment, { amount: 400, status: 'REQUESTED' });
    const atMs = Date.now() - 3_600_000;
    await p.sql(
      "INSERT INTO refund_attempts (refund_id, next_at_ms, tries, first_call_ms, last_call_ms, state) VALUES (?, ?, 10, ?, ?, 'OPEN')",
      ...[idBytes(refundId), Date.now() + dayMs, atMs, atMs],
    );
    return [`REFUND_STUCK ${refundId}`];
  }),
  plant('a refund that failed', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    const refundId = await addRefund(p, payment, { amount: 400, status: 'FAILED' });
    return [`REFUND_FAILED ${refundId}`, `MONEY_STRANDED ${payment.paymentId}`];
  }),
];

/** A payment without money left, so that nothing else is wrong about it. */
async function emptyPayment(p: Planting): Promise<AddedPayment> {
  const payment = await addPayment(p, { amount: 400 });
  const refundId = await addRefund(p, payment, { amount: 400, status: 'SUCCEEDED' });
  await settle(p, refundId, 'SUCCEEDED', 'ours');
  await list(p, {
    ...{ kind: 'refund', id: `ours-${refundId}`, payment: payment.paymentId, amount: 400 },
    status: 'succeeded',
  });
  return payment;
}

/** Gives the refund its result. The id at the provider is the prefix with the id of the refund. */
async function settle(p: Planting, refundId: string, status: string, prefix: string): Promise<string> {
  const id = `${prefix}-${refundId}`;
  await p.sql(
    "UPDATE refunds SET status = ?, result_provider = 'local', provider_refund_id = ?, settled_at_ms = ? WHERE refund_id = ?",
    ...[status, id, AT_MS, idBytes(refundId)],
  );
  return id;
}

const providers: Plant[] = [
  plant('a payment at the provider whose callback never came', async (p) => {
    const id = 'no-callback';
    return [
      `PROVIDER_DIFFERS ${await list(p, { kind: 'payment', id, payment: id, amount: 9, status: 'captured' })}`,
    ];
  }),
  plant('a payment that the provider lists with another amount', async (p) => {
    const { paymentId } = await emptyPayment(p);
    await p.sql('UPDATE provider_records SET amount = 401 WHERE provider_id = ?', paymentId);
    return [`PROVIDER_DIFFERS local/${paymentId}`];
  }),
  plant("a refund made at the provider's desk", async (p) => {
    const { paymentId: payment } = await emptyPayment(p);
    const desk = { kind: 'refund', id: 'desk', payment, amount: 50, status: 'succeeded' } as const;
    return [`PROVIDER_DIFFERS ${await list(p, desk)}`];
  }),
  plant('a refund that succeeded here and failed at the provider', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    const refundId = await addRefund(p, payment, { amount: 400, status: 'REQUESTED' });
    const id = await settle(p, refundId, 'SUCCEEDED', 'failed');
    const failed = { kind: 'refund', id, payment: payment.paymentId, amount: 400, status: 'failed' } as const;
    return [`PROVIDER_DIFFERS ${await list(p, failed)}`];
  }),
  plant('a payment that the provider does not list', async (p) => {
    const payment = await addPayment(p, { amount: 0, isListed: false });
    return [`PROVIDER_DIFFERS local/${payment.paymentId}`];
  }),
  plant('a refund that the provider does not list', async (p) => {
    const payment = await addPayment(p, { amount: 400 });
    const refundId = await addRefund(p, payment, { amount: 400, status: 'REQUESTED' });
    return [`PROVIDER_DIFFERS local/${await settle(p, refundId, 'SUCCEEDED', 'gone')}`];
  }),
];

const coupons: Plant[] = [
  plant('a counter of a coupon that no order took', async (p) => {
    await p.sql("INSERT INTO coupon_counters (code, initial, available) VALUES ('ELEVEN', 10, 9)");
    return ['COUPON_DIFFERS ELEVEN'];
  }),
  plant('a counter of a customer that no order took', async (p) => {
    await p.sql("INSERT INTO coupon_customers (code, customer_id, used) VALUES ('ELEVEN', 'c1', 1)");
    return ['COUPON_DIFFERS ELEVEN c1'];
  }),
  plant('an order that took counters which do not exist', async (p) => {
    const { id } = p.order();
    await p.sql(
      "UPDATE orders SET coupon_code = 'TWELVE', coupon_counted = 3 WHERE order_id = ?",
      idBytes(id),
    );
    return ['COUPON_DIFFERS TWELVE', 'COUPON_DIFFERS TWELVE c1'];
  }),
];

const timers: Plant[] = [
  plant('a timer without effect', async (p) => {
    const { id } = p.order();
    await p.sql(
      'UPDATE orders SET payment_due_at_ms = 1, timer_at_ms = 60001 WHERE order_id = ?',
      idBytes(id),
    );
    return [`TIMER_LATE ${id}`];
  }),
];

/** An order that stays in a status for too long. Without a worker that decides the next command, none is stuck. */
const late: Plant[] = (
  [
    ['PAID', 'SHIP'],
    ['SHIPPED', 'DELIVER'],
    ['DELIVERED', 'CLOSE'],
  ] as const
).flatMap(([status, next]) => {
  if (!isDecided(next)) return [];
  return plant(`an order that is ${status} for too long`, async (p) => {
    const order = p.order();
    await addPayment(p, { order, amount: order.total, disposition: 'SETTLES' });
    await p.sql('UPDATE orders SET received = total WHERE order_id = ?', idBytes(order.id));
    if (status !== 'PAID') await shipAll(p, order, status === 'DELIVERED');
    await p.change(order, status, 1);
    return [`ORDER_STUCK ${order.id}`];
  });
});

export const moneyPlants: readonly Plant[] = [
  ...payments,
  ...refunds,
  ...providers,
  ...coupons,
  ...timers,
  ...late,
];

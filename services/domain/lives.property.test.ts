import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holdsStock, type KnownRefund, totalCounted } from './index.ts';
import { anyStock, couponLimits, cutLog, rules } from './testing/commands.ts';
import { anyGoodsLives, anyMoneyLives } from './testing/lives.ts';
import type { Tables } from './testing/rows.ts';
import { type Mode, run } from './testing/tables.ts';

const anyCuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
/** The most units of a customer in unpaid orders. */
const anyLimit = fc.constantFrom(null, 4, 9);
/** Records that are decided and lost in a crash, before each batch. */
const anyCrashes = fc.array(fc.constantFrom(0, 0, 1, 3, 9), { minLength: 1, maxLength: 5 });
const anyMode = fc.constantFrom<Mode>('fresh', 'remember', 'careful');
const lives = 1_000;

const moneyKinds = [
  ...['order.paid', 'order.cancelled', 'order.expired', 'order.payment_failed', 'order.payment_kept'],
  ...['order.payment_attempt_failed', 'order.refunded', 'order.refund_failed', 'order.refund_requested'],
  ...['PAYMENT_KNOWN', 'PAYMENT_UNMATCHED', 'NOT_DUE', 'ILLEGAL_CHANGE', 'REFUND_UNKNOWN', 'REFUND_DIFFERS'],
  ...[
    'REFUND_NOT_FAILED',
    'REFUND_TOO_LARGE',
    'OUT_OF_STOCK',
    'COUPON_EXHAUSTED',
    'COUPON_USED',
    'UNPAID_LIMIT',
  ],
  ...['SETTLES', 'MISMATCH', 'SURPLUS', 'LATE', 'UNMATCHED', 'total 0', 'command.duplicate'],
];
const goodsKinds = [
  ...['order.partially_shipped', 'order.shipped', 'order.partially_delivered', 'order.delivered'],
  ...['order.partially_returned', 'order.returned', 'order.partially_cancelled', 'order.closed'],
  ...['stock.adjusted', 'STOCK_TOO_LOW', 'STOCK_UNKNOWN', 'QUANTITY_TOO_LARGE', 'LINE_UNKNOWN'],
  ...['CANCEL_INSTEAD', 'NOT_PAID_FOR', 'REFUND_TOO_LARGE', 'ALREADY_DELIVERED', 'SHIPMENT_UNKNOWN'],
];

it.each([
  ['money', anyMoneyLives, moneyKinds],
  ['goods', anyGoodsLives, goodsKinds],
])(
  'lives with %s are decided the same in any batches, and lose no cent and no unit',
  (_of, anyLives, kinds) => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        anyLives,
        anyStock,
        anyCuts,
        anyMode,
        anyLimit,
        anyCrashes,
        (log, stock, cuts, mode, limit, crashes) => {
          const rulesOf = () => ({ ...rules, unpaidUnitsMax: limit });
          const single = run(cutLog(log, [1]), stock, 'careful', { rulesOf });
          const batched = run(cutLog(log, cuts), stock, mode === 'remember' ? 'fresh' : mode, {
            rulesOf,
            crashes,
          });
          expect(batched.events).toEqual(single.events);
          expect(batched.tables).toEqual(single.tables);
          expectMoney(single.tables);
          expectUnits(single, stock);
          expectLimits(single.tables, limit);
          for (const { type, reason, payment, order } of single.events) {
            seen.add(reason === null ? type : reason.code);
            if (payment?.disposition) seen.add(payment.disposition);
            if (order?.total === 0) seen.add('total 0');
          }
          expectEvents(single);
        },
      ),
      { numRuns: lives },
    );
    // The generator reaches every kind of change and refusal.
    expect(kinds.filter((kind) => !seen.has(kind))).toEqual([]);
  },
);

/** Each payment is on a live order, or goes back, or its refund failed. The sums of an order are those of its rows. */
function expectMoney({ orders, payments, refunds }: Tables): void {
  const refundsOf = Map.groupBy(refunds.values(), ({ paymentId }) => paymentId);
  for (const payment of payments.values()) {
    const own = refundsOf.get(payment.paymentId) ?? [];
    const order = orders.get(payment.orderId);
    const back = own.filter(({ retried }) => !retried).reduce((sum, { amount }) => sum + amount, 0);
    if (payment.disposition !== 'SETTLES') expect(back).toBe(payment.amount);
    else if (order?.status === 'CANCELLED') expect(back).toBeGreaterThanOrEqual(payment.amount);
    else expect(order?.status).toMatch(/^(PAID|SHIPPED|DELIVERED|CLOSED|RETURNED)$/);
  }
  for (const order of orders.values()) {
    const mine = ({ orderId, currency }: { orderId: string; currency: string }) =>
      orderId === order.orderId && currency === order.currency;
    const settled = [...payments.values()].filter(
      (payment) => mine(payment) && payment.disposition !== 'UNMATCHED',
    );
    const ids = new Set(settled.map(({ paymentId }) => paymentId));
    const own = [...refunds.values()].filter((refund) => ids.has(refund.paymentId));
    const sumOf = (status: KnownRefund['status']) =>
      own.filter((refund) => refund.status === status).reduce((sum, { amount }) => sum + amount, 0);
    expect([order.received, order.refundPending, order.refunded]).toEqual([
      settled.reduce((sum, { amount }) => sum + amount, 0),
      sumOf('REQUESTED'),
      sumOf('SUCCEEDED'),
    ]);
    if (/^(PAID|SHIPPED|DELIVERED|CLOSED|RETURNED)$/.test(order.status) && order.total > 0) {
      expect(settled.filter(({ disposition }) => disposition === 'SETTLES')).toHaveLength(1);
    }
  }
}

/** Every unit and every use of a coupon is on one order that holds it, or is left. */
function expectUnits(
  { events, tables: { orders, stock, stockShipped, couponTotals } }: ReturnType<typeof run>,
  initial: ReadonlyMap<string, number>,
): void {
  const holders = [...orders.values()].filter(({ status }) => holdsStock(status));
  const held = new Map([...initial.keys()].map((sku) => [sku, 0]));
  const away = new Map(held);
  for (const { lines } of holders) {
    for (const {
      sku,
      quantity,
      cancelled = 0,
      shipped = 0,
      returned = 0,
      restocked = 0,
      refunded = 0,
    } of lines) {
      held.set(sku, held.get(sku)! + quantity - cancelled - restocked);
      away.set(sku, away.get(sku)! + shipped - restocked);
      expect(shipped + cancelled).toBeLessThanOrEqual(quantity);
      expect(returned).toBeLessThanOrEqual(shipped);
      expect(restocked).toBeLessThanOrEqual(returned);
      expect(refunded).toBeLessThanOrEqual(quantity);
    }
  }
  for (const [sku, level] of initial) {
    const added = events.reduce(
      (sum, { stock: change }) => sum + (change?.sku === sku ? change.delta : 0),
      0,
    );
    expect(stock.get(sku)).toBe(level + added - held.get(sku)!);
    expect(stock.get(sku)).toBeGreaterThanOrEqual(0);
    expect(stockShipped.get(sku) ?? 0).toBe(away.get(sku));
  }
  for (const [code, limit] of couponLimits) {
    const uses = holders.filter(
      ({ redemption }) => redemption?.code === code && (redemption.counted & totalCounted) !== 0,
    );
    expect(couponTotals.get(code)).toBe(limit - uses.length);
  }
}

/** What customers hold is on their own orders, and within its limit. */
function expectLimits({ orders, couponCustomers, unpaid }: Tables, limit: number | null): void {
  const sums = new Map<string, number>();
  const uses = new Map<string, number>();
  for (const { status, customerId, unpaidUnits, lines, redemption } of orders.values()) {
    if (status === 'PENDING_PAYMENT') {
      const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
      expect(unpaidUnits).toBe(limit === null ? 0 : units);
      sums.set(customerId, (sums.get(customerId) ?? 0) + unpaidUnits);
    }
    if (holdsStock(status) && redemption?.code === 'ONCE')
      uses.set(customerId, (uses.get(customerId) ?? 0) + 1);
  }
  for (const customer of ['customer-1', 'customer-2']) {
    expect(unpaid.get(customer) ?? 0).toBe(sums.get(customer) ?? 0);
    if (limit !== null) expect(sums.get(customer) ?? 0).toBeLessThanOrEqual(limit);
    expect(couponCustomers.get(`ONCE ${customer}`) ?? 0).toBe(uses.get(customer) ?? 0);
    expect(uses.get(customer) ?? 0).toBeLessThanOrEqual(1);
  }
}

/** The newest event of each order has the sums of its row. The events alone name every payment and refund. */
function expectEvents({ events, tables }: ReturnType<typeof run>): void {
  const money = new Map<string, unknown>();
  const payments = new Set<string>();
  const refunds = new Map<string, string>();
  for (const event of events) {
    const changes = ['ACCEPTED', 'APPLIED'].includes(event.outcome) && event.orderId !== null;
    expect([event.money !== null, event.units !== null]).toEqual([changes, changes]);
    if (event.money !== null) money.set(event.orderId!, event.money);
    if (event.payment?.status === 'CAPTURED') payments.add(event.payment.paymentId!);
    if (event.refund !== null) refunds.set(event.refund.refundId, event.refund.status);
  }
  for (const { orderId, status, received, refundPending, refunded, disputed } of tables.orders.values()) {
    if (status === 'REJECTED' && !money.has(orderId)) continue;
    expect(money.get(orderId)).toEqual({ received, refundPending, refunded, disputed });
  }
  expect(payments).toEqual(new Set([...tables.payments.values()].map(({ paymentId }) => paymentId)));
  expect(refunds).toEqual(
    new Map([...tables.refunds.values()].map(({ refundId, status }) => [refundId, status])),
  );
}

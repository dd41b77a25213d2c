import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holdsStock, type KnownRefund, totalCounted } from './index.ts';
import { anyStock, couponLimits, cutLog } from './testing/commands.ts';
import { anyLives } from './testing/lives.ts';
import { type Mode, run, type Tables } from './testing/tables.ts';

const anyCuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
const anyMode = fc.constantFrom<Mode>('fresh', 'remember', 'careful');
const lives = 1_000;

it('the lives of orders are decided the same in any batches, and lose no cent and no unit', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyLives, anyStock, anyCuts, anyMode, (log, stock, cuts, mode) => {
      const single = run(cutLog(log, [1]), stock, 'careful');
      const batched = run(cutLog(log, cuts), stock, mode === 'remember' ? 'fresh' : mode);
      expect(batched.events).toEqual(single.events);
      expect(batched.tables).toEqual(single.tables);
      expectMoney(single.tables);
      expectUnits(single.tables, stock);
      for (const { type, reason } of single.events) seen.add(reason === null ? type : reason.code);
      expectEvents(single);
    }),
    { numRuns: lives },
  );
  // The generator reaches every kind of change and refusal.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      ...['order.paid', 'order.cancelled', 'order.expired', 'order.payment_failed', 'order.payment_kept'],
      ...['order.payment_attempt_failed', 'order.refunded', 'order.refund_failed', 'order.refund_requested'],
      ...[
        'PAYMENT_KNOWN',
        'PAYMENT_UNMATCHED',
        'NOT_DUE',
        'ILLEGAL_CHANGE',
        'REFUND_UNKNOWN',
        'REFUND_DIFFERS',
      ],
      ...['REFUND_NOT_FAILED'],
    ]),
  );
});

/** Each payment is on a live order, or goes back, or its refund failed. The sums of an order are those of its rows. */
function expectMoney({ orders, payments, refunds }: Tables): void {
  const refundsOf = Map.groupBy(refunds.values(), ({ paymentId }) => paymentId);
  for (const payment of payments.values()) {
    const own = refundsOf.get(payment.paymentId) ?? [];
    const order = orders.get(payment.orderId);
    const settlesLive = payment.disposition === 'SETTLES' && order?.status === 'PAID';
    if (settlesLive) expect(own.filter(({ reason }) => reason === 'CANCELLED')).toEqual([]);
    else
      expect(own.filter(({ retryOf }) => retryOf === null).map(({ amount }) => amount)).toEqual([
        payment.amount,
      ]);
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
    if (order.status === 'PAID' && order.total > 0) {
      expect(settled.filter(({ disposition }) => disposition === 'SETTLES')).toHaveLength(1);
    }
  }
}

/** Every unit and every use of a coupon is on one order that holds it, or is left. */
function expectUnits({ orders, stock, couponTotals }: Tables, initial: ReadonlyMap<string, number>): void {
  const holders = [...orders.values()].filter(({ status }) => holdsStock(status));
  const held = new Map([...initial.keys()].map((sku) => [sku, 0]));
  for (const { lines } of holders) {
    for (const { sku, quantity } of lines) held.set(sku, held.get(sku)! + quantity);
  }
  for (const [sku, level] of initial) expect(stock.get(sku)).toBe(level - held.get(sku)!);
  for (const [code, limit] of couponLimits) {
    const uses = holders.filter(
      ({ redemption }) => redemption?.code === code && (redemption.counted & totalCounted) !== 0,
    );
    expect(couponTotals.get(code)).toBe(limit - uses.length);
  }
}

/** The newest event of each order has the sums of its row. The events alone name every payment and refund. */
function expectEvents({ events, tables }: ReturnType<typeof run>): void {
  const money = new Map<string, unknown>();
  const payments = new Set<string>();
  const refunds = new Map<string, string>();
  for (const event of events) {
    const changes = ['ACCEPTED', 'APPLIED'].includes(event.outcome);
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

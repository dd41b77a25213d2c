import { describe, expect, it } from 'vitest';
import { uuidToBytes } from '../../shared/mysql/index.ts';
import { compareMoney, sumRefunds } from './payments.ts';
import { compareRefunds } from './refunds.ts';
import type { KeyRows, OrderRow, PaymentRow, RefundRow } from './rows.ts';

const hourMs = 3_600_000;
const nowMs = 100 * 24 * hourMs;
const limits = { refundMaxMs: 24 * hourMs, refundPendingMaxMs: 240 * hourMs };
const idOf = (n: number): string => `0000000${n}-0000-8000-8000-000000000000`;
const orderId = uuidToBytes(idOf(1));

/** An order of 500 that is paid. */
const order = (different: Partial<OrderRow> = {}): OrderRow =>
  ({
    ...{ order_key: 1, order_id: orderId, status: 'PAID', currency: 'EUR', total: 500 },
    ...{ received: 500, refund_pending: 0, refunded: 0, disputed: 0 },
    ...different,
  }) as OrderRow;
const payment = (n: number, different: Partial<PaymentRow> = {}): PaymentRow => ({
  ...{ order_key: 1, payment_id: uuidToBytes(idOf(n)), order_id: orderId },
  ...{ amount: 500, currency: 'EUR', disposition: 'SETTLES', disputed: 0 },
  ...{ provider: 'local', provider_payment_id: `${n}`, received_at_ms: nowMs },
  ...different,
});
/** A refund of payment 2. */
const refund = (n: number, status: string, different: Partial<RefundRow> = {}): RefundRow => ({
  ...{ order_key: 1, refund_id: uuidToBytes(idOf(n)), order_id: orderId, payment_id: uuidToBytes(idOf(2)) },
  ...{ amount: 500, currency: 'EUR', status, retried: 0, failure_code: null, requested_at_ms: nowMs },
  ...{ result_provider: null, provider_refund_id: null, settled_at_ms: null },
  ...{ state: null, tries: null, first_call_ms: null, last_call_ms: null },
  ...different,
});

function found(row: OrderRow | null, payments: PaymentRow[], refunds: RefundRow[] = []): string[] {
  const rows: KeyRows = { order: row, lines: [], payments, refunds };
  const sums = sumRefunds(refunds);
  return [...compareMoney(rows, sums), ...compareRefunds(rows, sums, limits, nowMs)].map(
    ({ kind, subject }) => `${kind} ${subject[7]}`,
  );
}

describe('the money of an order', () => {
  it('agrees if one payment settles it, and if other money is refunded', () => {
    expect(found(order(), [payment(2)])).toEqual([]);
    expect(found(order({ total: 0, received: 0 }), [])).toEqual([]);
    expect(found(order({ status: 'PENDING_PAYMENT', received: 0 }), [])).toEqual([]);
    expect(
      found(order({ status: 'CANCELLED', refund_pending: 500 }), [payment(2)], [refund(3, 'REQUESTED')]),
    ).toEqual([]);
    const late = payment(2, { disposition: 'LATE' });
    expect(found(order({ status: 'EXPIRED', refunded: 500 }), [late], [refund(3, 'SUCCEEDED')])).toEqual([]);
  });

  it('counts no payment and no refund in another currency', () => {
    const foreign = payment(2, { disposition: 'MISMATCH', currency: 'USD' });
    const back = refund(3, 'SUCCEEDED', { currency: 'USD' });
    expect(found(order({ status: 'PENDING_PAYMENT', received: 0 }), [foreign], [back])).toEqual([]);
  });

  it.each<[string, Partial<OrderRow>]>([
    ['received', { received: 499 }],
    ['refund_pending', { refund_pending: 1 }],
    ['refunded', { refunded: 1 }],
    ['disputed', { disputed: 1 }],
  ])('differs from its rows in %s', (_what, different) => {
    expect(found(order(different), [payment(2)])).toEqual(['PAYMENT_DIFFERS 1']);
  });

  it.each<[string, PaymentRow[], RefundRow[]]>([
    ['a payment of another order', [payment(2, { order_id: uuidToBytes(idOf(9)) })], []],
    ['a payment without an order', [payment(2), payment(4, { disposition: 'UNMATCHED', amount: 0 })], []],
    ['a refund of no payment', [payment(2)], [refund(3, 'FAILED', { payment_id: uuidToBytes(idOf(9)) })]],
    ['a refund in another currency', [payment(2)], [refund(3, 'FAILED', { currency: 'USD', retried: 1 })]],
  ])('differs with %s', (_what, payments, refunds) => {
    expect(found(order(), payments, refunds)).toContain('PAYMENT_DIFFERS 1');
  });

  it('differs if there is no order, unless the payment names none', () => {
    expect(found(null, [payment(2)], [refund(3, 'SUCCEEDED')])).toEqual(['PAYMENT_DIFFERS 1']);
    const unmatched = payment(2, { disposition: 'UNMATCHED' });
    expect(found(null, [unmatched], [refund(3, 'SUCCEEDED')])).toEqual([]);
  });

  it.each(['PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED'] as const)(
    'needs exactly one payment of the total while it is %s',
    (status) => {
      expect(found(order({ status, received: 0 }), [])).toEqual(['PAID_UNPAID 1']);
      expect(found(order({ status, received: 499 }), [payment(2, { amount: 499 })])).toEqual([
        'PAID_UNPAID 1',
      ]);
      expect(found(order({ status, received: 1_000 }), [payment(2), payment(4)])).toEqual(['PAID_UNPAID 1']);
    },
  );
});

describe('money that settles no live order', () => {
  it.each(['CANCELLED', 'EXPIRED', 'PAYMENT_FAILED', 'PENDING_PAYMENT'] as const)(
    'is stranded while its order is %s and nothing is refunded',
    (status) => {
      expect(found(order({ status }), [payment(2)])).toEqual(['MONEY_STRANDED 2']);
      const back = refund(3, 'SUCCEEDED', { amount: 499 });
      expect(found(order({ status, refunded: 499 }), [payment(2)], [back])).toEqual(['MONEY_STRANDED 2']);
    },
  );

  it('is stranded beside the payment that settles the order', () => {
    const surplus = payment(4, { disposition: 'SURPLUS' });
    expect(found(order({ received: 1_000 }), [payment(2), surplus])).toEqual(['MONEY_STRANDED 4']);
  });

  it('is not refunded above its amount', () => {
    const both = [refund(3, 'SUCCEEDED'), refund(4, 'REQUESTED', { amount: 1 })];
    expect(found(order({ refunded: 500, refund_pending: 1 }), [payment(2)], both)).toEqual([
      'REFUND_ABOVE 2',
    ]);
  });
});

describe('a refund', () => {
  const open = (different: Partial<RefundRow>): string[] =>
    found(order({ refund_pending: 500 }), [payment(2)], [refund(3, 'REQUESTED', different)]);
  const called = { state: 'OPEN', first_call_ms: nowMs - 5 * hourMs, last_call_ms: nowMs - hourMs };

  it('is stuck after its time', () => {
    expect(open({ requested_at_ms: nowMs - 24 * hourMs })).toEqual([]);
    expect(open({ requested_at_ms: nowMs - 24 * hourMs - 1 })).toEqual(['REFUND_STUCK 3']);
  });

  it('may take longer while the provider works on it', () => {
    const pending = { state: 'PENDING', tries: 1 };
    expect(open({ ...pending, requested_at_ms: nowMs - 240 * hourMs })).toEqual([]);
    expect(open({ ...pending, requested_at_ms: nowMs - 240 * hourMs - 1 })).toEqual(['REFUND_STUCK 3']);
  });

  it('is stuck once no more call is made', () => {
    expect(open({ ...called, tries: 9 })).toEqual([]);
    expect(open({ ...called, tries: 10 })).toEqual(['REFUND_STUCK 3']);
    expect(open({ ...called, tries: 10, last_call_ms: nowMs - 60_000 })).toEqual([]);
    expect(open({ ...called, tries: 2, first_call_ms: nowMs - 25 * hourMs })).toEqual(['REFUND_STUCK 3']);
  });

  it('that failed is reported until it is retried, or another one took its place', () => {
    expect(found(order(), [payment(2)], [refund(3, 'FAILED')])).toEqual(['REFUND_FAILED 3']);
    expect(found(order(), [payment(2)], [refund(3, 'FAILED', { retried: 1 })])).toEqual([]);
    const another = refund(4, 'SUCCEEDED', { amount: 1 });
    expect(found(order({ refunded: 1 }), [payment(2)], [refund(3, 'FAILED'), another])).toEqual([]);
  });
});

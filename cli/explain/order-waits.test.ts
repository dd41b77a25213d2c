import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { orderWaits, type WaitingOrder } from './order-waits.ts';

const nowMs = Date.parse('2026-03-01T10:00:00Z');
const waits = (rows: Partial<WaitingOrder>): string[] =>
  orderWaits({ order: null, items: [], shipments: [], payments: [], refunds: [], ...rows }, nowMs).map(
    (phrase) => phrase.replaceAll('\u00a0', ' '),
  );
const unpaid = (dueInMs: number | null) => ({
  status: 'PENDING_PAYMENT',
  payment_due_at_ms: dueInMs === null ? null : nowMs + dueInMs,
  timer_at_ms: dueInMs === null ? null : nowMs + dueInMs + 60_000,
});
const refund = (change: object = {}) =>
  ({
    ...{ refund_id: 'r-1', provider: 'local', provider_payment_id: 'p-1', amount: '5000', currency: 'EUR' },
    ...{ status: 'REQUESTED', tries: null, last_reason: null, retried: 0 },
    ...change,
  }) as unknown as RowDataPacket;
const item = (lineNo: number, counts: object = {}) => ({
  ...{ line_no: lineNo, quantity: 3, shipped: 0, cancelled: 0 },
  ...counts,
});
const paid = { status: 'PAID', total: '9000' };
const payments = [
  { provider: 'local', provider_payment_id: 'p-0', amount: '9000', disputed: '0', disposition: 'SURPLUS' },
  { provider: 'local', provider_payment_id: 'p-1', amount: '9000', disputed: '0', disposition: 'SETTLES' },
];

describe('an order waits for', () => {
  test.each([
    [900_000, 'its payment until 2026-03-01T10:15:00.000Z'],
    [
      -1,
      'its expiry by the scheduler from 2026-03-01T10:00:59.999Z on; its deadline was 2026-03-01T09:59:59.999Z',
    ],
    [null, 'its payment'],
  ])('its payment, which is due in %s ms', (dueInMs, phrase) => {
    expect(waits({ order: unpaid(dueInMs) })).toEqual([phrase]);
  });

  test('the shipment of the units that are left, and the delivery of each parcel on its way', () => {
    const shipments = [
      { shipment_no: 1, shipped_at_ms: nowMs - 2_000, delivered_at_ms: nowMs - 1_000 },
      { shipment_no: 2, shipped_at_ms: nowMs - 1_000, delivered_at_ms: null },
    ];
    const items = [item(1, { shipped: 2 }), item(2, { shipped: 1, cancelled: 2 }), item(3)];
    const delivery = 'the delivery of parcel 2, shipped at 2026-03-01T09:59:59.000Z';
    expect(waits({ order: paid, items, shipments, payments })).toEqual([
      'the shipment of 1 of line 1, 3 of line 3',
      delivery,
    ]);
    expect(waits({ order: { status: 'SHIPPED' }, items, shipments, payments })).toEqual([delivery]);
  });

  test('no shipment once its payment is refunded, but for one that costs nothing', () => {
    const items = [item(1)];
    const all = [
      refund({ amount: '4000', status: 'SUCCEEDED' }),
      refund({ amount: '5000', status: 'SUCCEEDED' }),
    ];
    const other = refund({ provider_payment_id: 'p-0', amount: '9000', status: 'SUCCEEDED' });
    expect(waits({ order: paid, items, payments, refunds: all })).toEqual([
      'an operator, who must cancel the rest: its payment was refunded, so nothing more can be shipped',
    ]);
    expect(waits({ order: paid, items, payments, refunds: [all[0]!, other] })).toEqual([
      'the shipment of 3 of line 1',
    ]);
    expect(waits({ order: { ...paid, total: 0 }, items })).toEqual(['the shipment of 3 of line 1']);
  });

  test.each([
    [600_000, 'its closing at 2026-03-01T10:10:00.000Z, when its return window ends'],
    [-1, 'its closing by the scheduler; its return window ended at 2026-03-01T09:59:59.999Z'],
  ])('its closing, which is due in %s ms', (dueInMs, phrase) => {
    expect(waits({ order: { status: 'DELIVERED', timer_at_ms: nowMs + dueInMs } })).toEqual([phrase]);
  });

  test('each refund without a result, and a person for each refund that failed', () => {
    const refunds = [
      refund(),
      refund({ refund_id: 'r-2', status: 'SUCCEEDED' }),
      refund({ refund_id: 'r-3', tries: 3, last_reason: 'timeout', amount: 700, currency: 'JPY' }),
      refund({ refund_id: 'r-4', status: 'FAILED', retried: 1 }),
      refund({ refund_id: 'r-5', status: 'FAILED', failure_code: 'closed_account' }),
    ];
    expect(waits({ order: { status: 'CANCELLED' }, refunds })).toEqual([
      'refund r-1 of EUR 50.00 at provider local (0 tries)',
      'refund r-3 of JPY 700 at provider local (3 tries, the last one: timeout)',
      'a person: refund r-5 of EUR 50.00 failed (closed_account); use `refunds retry` or `refunds settle`',
    ]);
    expect(waits({ refunds: [refund()] })).toHaveLength(1);
  });

  test.each(['REJECTED', 'CANCELLED', 'EXPIRED', 'PAYMENT_FAILED', 'RETURNED', 'CLOSED'])(
    'nothing, if it is %s and has no open refund',
    (status) => {
      const shipments = [{ shipment_no: 1, shipped_at_ms: 1, delivered_at_ms: null }];
      expect(waits({ order: { status, payment_due_at_ms: 1 }, items: [item(1)], shipments })).toEqual([]);
    },
  );
});

import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { orderWaits } from './order-waits.ts';

const nowMs = Date.parse('2026-03-01T10:00:00Z');
const unpaid = (dueInMs: number | null) => ({
  status: 'PENDING_PAYMENT',
  payment_due_at_ms: dueInMs === null ? null : nowMs + dueInMs,
  timer_at_ms: dueInMs === null ? null : nowMs + dueInMs + 60_000,
});
const refund = (change: object = {}) =>
  ({
    ...{ refund_id: 'r-1', provider: 'local', amount: '5000', currency: 'EUR', status: 'REQUESTED' },
    ...{ tries: null, last_reason: null },
    ...change,
  }) as unknown as RowDataPacket;

describe('an order waits for', () => {
  test.each([
    [900_000, 'its payment until 2026-03-01T10:15:00.000Z'],
    [
      -1,
      'its expiry by the scheduler from 2026-03-01T10:00:59.999Z on; its deadline was 2026-03-01T09:59:59.999Z',
    ],
    [null, 'its payment'],
  ])('its payment, which is due in %s ms', (dueInMs, phrase) => {
    expect(orderWaits(unpaid(dueInMs), [], nowMs)).toEqual([phrase]);
  });

  test('each refund without a result', () => {
    const refunds = [
      refund(),
      refund({ refund_id: 'r-2', status: 'SUCCEEDED' }),
      refund({ refund_id: 'r-3', tries: 3, last_reason: 'timeout', amount: 700, currency: 'JPY' }),
      refund({ refund_id: 'r-4', status: 'FAILED' }),
    ];
    const phrases = orderWaits({ status: 'CANCELLED' }, refunds, nowMs);
    expect(phrases.map((phrase) => phrase.replaceAll('\u00a0', ' '))).toEqual([
      'refund r-1 of EUR 50.00 at provider local (0 tries)',
      'refund r-3 of JPY 700 at provider local (3 tries, the last one: timeout)',
    ]);
    expect(orderWaits(null, [refund()], nowMs)).toHaveLength(1);
  });

  test('nothing, if it is paid and has no open refund', () => {
    expect(orderWaits({ status: 'PAID', payment_due_at_ms: nowMs - 1 }, [], nowMs)).toEqual([]);
  });
});

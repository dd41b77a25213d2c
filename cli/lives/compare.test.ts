import { describe, expect, test } from 'vitest';
import type { OrderMoney } from '../payments/read-money.ts';
import { type EndedLife, lifeDifferences } from './compare.ts';

const noUnits = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
type Row = Record<string, unknown>;

/** A life of 500 EUR that must end PAID. The rows differ from that by `order`, `payments` and `refunds`. */
function ended(
  order: Row,
  payments: Row[] = [],
  refunds: Row[] = [],
  { fault = null, closesLater = false }: { fault?: string | null; closesLater?: boolean } = {},
): EndedLife {
  const row = {
    ...{ status: 'PAID', currency: 'EUR', reason: null, total: '500', received: 500, refunded: 0 },
    ...order,
  };
  return {
    lived: {
      ...{ id: 'o-1', fault, closesLater },
      life: {
        ...{ name: 'a life', customerId: 'c1', idempotencyKey: 'k1', order: {}, steps: [] },
        expected: { status: 'PAID', total: 500, received: 500, refunded: 0 },
      },
    },
    money: { order: row, session: null, payments, refunds } as unknown as OrderMoney,
    units: row.status === 'REJECTED' ? null : { ...noUnits, ordered: 2, shipped: 1 },
  };
}

const captured = (amount: number, currency = 'EUR'): Row => ({ amount, currency });
const refund = (amount: number, status: string): Row => ({ amount, currency: 'EUR', status });
const euros = (placed: number, paid: number, refunded: number, kept: number) => ({
  money: { EUR: { placed, paid, refunded, kept } },
  units: { ...noUnits, ordered: 2, shipped: 1 },
});

describe('lives', () => {
  test('that ended as expected have no difference', () => {
    expect(lifeDifferences([ended({}, [captured(500)])], euros(500, 500, 0, 500))).toEqual([]);
  });

  test('with another status, amount or reason are named', () => {
    const reason = '{"code":"OUT_OF_STOCK"}';
    const life = ended({ status: 'REJECTED', received: 499, reason });
    expect(lifeDifferences([life], { money: {}, units: noUnits })).toEqual([
      '"a life" (o-1): status: expected PAID, found REJECTED',
      '"a life" (o-1): received: expected 500, found 499',
      '"a life" (o-1): reason: expected null, found OUT_OF_STOCK',
    ]);
  });

  test('that stopped say where', () => {
    const fault = 'after "pay" the order is PENDING_PAYMENT';
    const life = ended({}, [captured(500)], [], { fault });
    expect(lifeDifferences([life], euros(500, 500, 0, 500))).toEqual([
      '"a life" (o-1): after "pay" the order is PENDING_PAYMENT',
    ]);
  });

  test('keep no money that is still to be refunded, and keep what a failed refund did not pay', () => {
    const refunds = [refund(200, 'SUCCEEDED'), refund(100, 'REQUESTED'), refund(50, 'FAILED')];
    const life = ended({}, [captured(500), captured(300)], refunds);
    expect(lifeDifferences([life], euros(500, 800, 200, 500))).toEqual([]);
    expect(lifeDifferences([life], euros(500, 800, 200, 501))).toEqual(['kept EUR: expected 501, found 500']);
  });

  test('with money in a currency that nobody expects are named', () => {
    const life = ended({}, [captured(500), captured(7, 'USD')]);
    expect(lifeDifferences([life], euros(500, 500, 0, 500))).toEqual([
      'paid USD: expected 0, found 7',
      'kept USD: expected 0, found 7',
    ]);
  });

  test('with other units are named', () => {
    const { money } = euros(500, 500, 0, 500);
    expect(
      lifeDifferences([ended({}, [captured(500)])], { money, units: { ...noUnits, ordered: 2 } }),
    ).toEqual(['units shipped: expected 0, found 1']);
  });

  test('that close later are DELIVERED instead of CLOSED', () => {
    const life = ended({ status: 'DELIVERED' }, [captured(500)], [], { closesLater: true });
    const closed = { ...life.lived.life, expected: { ...life.lived.life.expected, status: 'CLOSED' } };
    const ofClosed = { ...life, lived: { ...life.lived, life: closed } };
    expect(lifeDifferences([ofClosed], euros(500, 500, 0, 500))).toEqual([]);
    const due = { ...ofClosed, lived: { ...ofClosed.lived, closesLater: false } };
    expect(lifeDifferences([due], euros(500, 500, 0, 500))).toEqual([
      '"a life" (o-1): status: expected CLOSED, found DELIVERED',
    ]);
  });
});

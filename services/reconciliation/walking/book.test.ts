import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { type Session, uuidToBytes } from '../../shared/mysql/index.ts';
import { createPace } from '../checks/pace.ts';
import { createTally } from '../findings/tally.ts';
import { bookCheck } from './book.ts';

const hourMs = 3_600_000;
const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-8000-8000-000000000000`;
const money = { subtotal: 10, discount: 0, shipping: 0, tax: 0, total: 10 };
const noMoney = { received: 0, refund_pending: 0, refunded: 0, disputed: 0 };

interface Order {
  n: number;
  status: string;
  dueAtMs?: number;
  updatedAtMs?: number;
  total?: number;
  units?: { cancelled?: number; shipped?: number; restocked?: number };
}

/** A session with orders of one line each, and one stock row. */
function sessionOf(orders: readonly Order[], available: number): Session {
  const rows = (sql: string, params: (number | string)[]): object[] => {
    if (sql.includes('FROM stock')) {
      return params[0] === '' ? [{ sku: 'P1', initial: 100_000, added: 0, available, shipped: 0 }] : [];
    }
    if (/FROM (payments|refunds|coupon_\w+|provider_\w+|shipments|returns|unpaid_customers)/.test(sql))
      return [];
    const [after = -1, second = 0] = params as number[];
    if (sql.includes('FROM orders')) {
      return orders
        .filter(({ n }) => n > after)
        .slice(0, second)
        .map(({ n, status, dueAtMs = null, updatedAtMs = Date.now(), total = money.total }) => ({
          ...money,
          ...noMoney,
          total,
          currency: 'EUR',
          timer_at_ms: null,
          coupon_counted: 0,
          ...{ unpaid_units: 0, unpaid_customer: null },
          order_key: n,
          order_id: uuidToBytes(idOf(n)),
          status,
          payment_due_at_ms: dueAtMs,
          updated_at_ms: updatedAtMs,
        }));
    }
    return orders
      .filter(({ n }) => n > after && n <= second)
      .map(({ n, units = {} }) => ({
        ...{ order_key: n, line_no: 1, sku: 'P1', quantity: 1, unit_price: 10, line_total: 10 },
        ...{ cancelled: 0, shipped: 0, returned: 0, restocked: 0, refunded: 0, ...units },
      }));
  };
  return {
    write: async () => undefined,
    rows: async (sql: string, params: (number | string)[]) => rows(sql, params),
    close: async () => undefined,
  } as unknown as Session;
}

async function walk(orders: readonly Order[], available: number, decided: readonly string[] = []) {
  const check = bookCheck({
    connect: async () => sessionOf(orders, available),
    pace: createPace(systemClock, () => 0),
    clock: systemClock,
    stuck: {
      pendingGraceMs: 0,
      paidMaxMs: hourMs,
      shippedMaxMs: hourMs,
      deliveredMaxMs: hourMs,
      timerMaxMs: hourMs,
      refundMaxMs: hourMs,
      refundPendingMaxMs: hourMs,
      providerGraceMs: hourMs,
    },
    isDecided: (type) => decided.includes(type),
  });
  const tally = createTally([], 5_000);
  await check.run([], tally, new AbortController().signal);
  return tally;
}

describe('a walk over all orders', () => {
  it('finds a stock difference although 9,000 orders differ too', async () => {
    const orders = Array.from({ length: 9_000 }, (_, n) => ({ n, status: 'PENDING_PAYMENT', total: 11 }));
    const tally = await walk(orders, 91_001);
    expect(tally.found('MONEY_DIFFERS')).toBe(9_000);
    expect(tally.keptOf('MONEY_DIFFERS')).toBe(5_000);
    expect(tally.kept().filter(({ kind }) => kind === 'STOCK_DIFFERS')).toMatchObject([
      { subject: 'P1', expected: '9000 on live orders', actual: '8999 taken from stock' },
    ]);
  });

  it('counts units that are neither cancelled nor back in stock, and those that are with customers', async () => {
    const orders = [
      { n: 0, status: 'SHIPPED', units: { shipped: 1 } },
      { n: 1, status: 'RETURNED', units: { shipped: 1, restocked: 1 } },
      { n: 2, status: 'RETURNED', units: { shipped: 1 } },
      { n: 3, status: 'SHIPPED', units: { cancelled: 1 } },
      { n: 4, status: 'CANCELLED' },
    ];
    const found = async (available: number) =>
      (await walk(orders, available)).kept().filter(({ kind }) => kind === 'STOCK_DIFFERS');
    expect(await found(99_998)).toMatchObject([
      { kind: 'STOCK_DIFFERS', subject: 'P1', expected: '2 shipped', actual: '0 shipped from stock' },
    ]);
    expect(await found(99_997)).toMatchObject([
      { expected: '2 on live orders, 2 shipped', actual: '3 taken from stock, 0 shipped from stock' },
    ]);
  });

  it('counts an order as stuck only if workers decide the command that it waits for', async () => {
    const longAgo = Date.now() - 2 * hourMs;
    const orders = ['PENDING_PAYMENT', 'PAID', 'SHIPPED', 'DELIVERED'].map((status, n) => ({
      n,
      status,
      dueAtMs: 1,
      updatedAtMs: longAgo,
    }));
    const stuckWith = async (...decided: string[]) =>
      (await walk(orders, 99_996, decided))
        .kept()
        .filter(({ kind }) => kind === 'ORDER_STUCK')
        .map(({ kind, subject }) => `${kind} ${subject}`);
    const stuck = orders.map(({ n }) => `ORDER_STUCK ${idOf(n)}`);
    expect(await stuckWith()).toEqual([]);
    expect(await stuckWith('EXPIRE')).toEqual([stuck[0]]);
    expect(await stuckWith('SHIP', 'CLOSE')).toEqual([stuck[1], stuck[3]]);
    expect(await stuckWith('EXPIRE', 'SHIP', 'DELIVER', 'CLOSE')).toEqual(stuck);
  });
});

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { type Session, uuidToBytes } from '../../shared/mysql/index.ts';
import { createTally } from '../findings/tally.ts';
import { createPace } from './pace.ts';
import { bookCheck } from './stock-and-money.ts';

const hourMs = 3_600_000;
const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-8000-8000-000000000000`;
const money = { subtotal: 10, discount: 0, shipping: 0, tax: 0, total: 10 };

interface Order {
  n: number;
  status: string;
  dueAtMs?: number;
  updatedAtMs?: number;
  total?: number;
}

/** A session with orders of one line each, and one stock row. */
function sessionOf(orders: readonly Order[], available: number): Session {
  const rows = (sql: string, params: (number | string)[]): object[] => {
    if (sql.includes('FROM stock')) {
      return params[0] === '' ? [{ sku: 'P1', initial: 100_000, added: 0, available }] : [];
    }
    const [after = -1, second = 0] = params as number[];
    if (sql.includes('FROM orders')) {
      return orders
        .filter(({ n }) => n > after)
        .slice(0, second)
        .map(({ n, status, dueAtMs = null, updatedAtMs = Date.now(), total = money.total }) => ({
          ...money,
          total,
          order_key: n,
          order_id: uuidToBytes(idOf(n)),
          status,
          payment_due_at_ms: dueAtMs,
          updated_at_ms: updatedAtMs,
        }));
    }
    return orders
      .filter(({ n }) => n > after && n <= second)
      .map(({ n }) => ({ order_key: n, sku: 'P1', quantity: 1, unit_price: 10, line_total: 10 }));
  };
  return {
    write: async () => undefined,
    rows: async (sql: string, params: (number | string)[]) => rows(sql, params),
    close: async () => undefined,
  } as unknown as Session;
}

async function walk(orders: readonly Order[], available: number, unpaidOrdersEnd = false) {
  const check = bookCheck({
    connect: async () => sessionOf(orders, available),
    pace: createPace(systemClock, 0),
    clock: systemClock,
    stuck: { pendingGraceMs: 0, paidMaxMs: hourMs, shippedMaxMs: hourMs, deliveredMaxMs: hourMs },
    unpaidOrdersEnd,
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

  it('counts no unpaid order as stuck while no command can end it, and finds other stuck orders', async () => {
    const overdue = { n: 0, status: 'PENDING_PAYMENT', dueAtMs: 1 };
    const longAgo = Date.now() - 2 * hourMs;
    const stuck = ['PAID', 'SHIPPED', 'DELIVERED'].map((status, n) => ({
      n: n + 1,
      status,
      updatedAtMs: longAgo,
    }));
    const names = (tally: Awaited<ReturnType<typeof walk>>) =>
      tally.kept().map(({ kind, subject }) => `${kind} ${subject}`);
    const others = [1, 2, 3].map((n) => `ORDER_STUCK ${idOf(n)}`);
    expect(names(await walk([overdue, ...stuck], 99_996))).toEqual(others);
    expect(names(await walk([overdue, ...stuck], 99_996, true))).toEqual([
      `ORDER_STUCK ${idOf(0)}`,
      ...others,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { OrderEvent, OrderMoney, OrderUnits } from '../../../schemas/index.ts';
import { type Queryable, uuidToBytes } from '../../shared/mysql/index.ts';
import { createMemory, type ExpectedOrder } from '../matching/recent-outcomes.ts';
import type { LineRow, OrderRow } from '../walking/rows.ts';
import { createDeferredComparison } from './deferred-comparison.ts';

const idOf = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-8000-8000-00000000000a`;
const noMoney: OrderMoney = { received: 0, refundPending: 0, refunded: 0, disputed: 0 };
const paid: OrderMoney = { ...noMoney, received: 30 };
const shippedUnits: OrderUnits = { ordered: 3, cancelled: 0, shipped: 2, returned: 1, restocked: 1 };

const placed = (n: number): OrderEvent =>
  ({
    ...{ outcome: 'ACCEPTED', orderId: idOf(n), customerId: 'c1', version: 1, status: 'PENDING_PAYMENT' },
    ...{ sourcePartition: 2, sourceOffset: n, order: { total: 30 }, money: noMoney, units: null },
  }) as OrderEvent;
const shipped = (n: number, change: Partial<OrderEvent> = {}): OrderEvent =>
  ({
    ...placed(n),
    ...{ outcome: 'APPLIED', version: 3, status: 'PAID', sourceOffset: n + 100 },
    ...{ order: null, money: paid, units: shippedUnits },
    ...change,
  }) as OrderEvent;

const row = (n: number, change: Partial<OrderRow> = {}): OrderRow =>
  ({
    ...{
      order_key: n,
      order_id: uuidToBytes(idOf(n)),
      customer_id: 'c1',
      status: 'PAID',
      version: 3,
      total: 30,
    },
    ...{ received: 30, refund_pending: 0, refunded: 0, disputed: 0 },
    ...change,
  }) as OrderRow;
const lines = [
  { quantity: 1, cancelled: 0, shipped: 0, returned: 0, restocked: 0 },
  { quantity: 2, cancelled: 0, shipped: 2, returned: 1, restocked: 1 },
] as LineRow[];

/** `rowsOf` answers queries. By default a query is a fault. */
function setUp({ ordersMax = 10, rowsOf }: { ordersMax?: number; rowsOf?: (sql: string) => object[] } = {}) {
  const memory = createMemory({ ordersMax: 10, eventsMax: 10 });
  const mysql = {
    rows: async (sql: string) => {
      if (rowsOf === undefined) throw new Error(`an unexpected query: ${sql}`);
      return rowsOf(sql);
    },
  } as unknown as Queryable;
  const comparison = createDeferredComparison({ mysql, memory, ordersMax });
  return { comparison, suspects: (): ExpectedOrder[] => memory.orders() };
}

describe('before the walk', () => {
  it('no outcome needs a query, and the walk compares the newest one', async () => {
    const { comparison, suspects } = setUp();
    expect(await comparison.compare([placed(1), shipped(1)])).toEqual([]);
    comparison.begin();
    comparison.visit(row(1), lines);
    comparison.end();
    expect(suspects()).toEqual([]);
  });

  it.each<[string, Partial<OrderRow>, LineRow[]]>([
    ['status', { status: 'SHIPPED' }, lines],
    ['version', { version: 2 }, lines],
    ['total', { total: 31 }, lines],
    ['customer', { customer_id: 'c2' }, lines],
    ['received money', { received: 29 }, lines],
    ['pending refunds', { refund_pending: 1 }, lines],
    ['refunded money', { refunded: 1 }, lines],
    ['disputed money', { disputed: 1 }, lines],
    ['ordered units', {}, [{ ...lines[0]!, quantity: 2 }, lines[1]!]],
    ['cancelled units', {}, [{ ...lines[0]!, cancelled: 1 }, lines[1]!]],
    ['shipped units', {}, [{ ...lines[0]!, shipped: 1 }, lines[1]!]],
    ['returned units', {}, [lines[0]!, { ...lines[1]!, returned: 2 }]],
    ['restocked units', {}, [lines[0]!, { ...lines[1]!, restocked: 0 }]],
  ])('a row with another value is a suspect: %s', async (_what, change, rowLines) => {
    const { comparison, suspects } = setUp();
    await comparison.compare([placed(1), shipped(1), placed(2)]);
    comparison.begin();
    comparison.visit(row(1, change), rowLines);
    comparison.visit(row(2, { version: 1, status: 'PENDING_PAYMENT', received: 0 }), lines);
    comparison.end();
    expect(suspects()).toEqual([
      {
        ...{
          orderId: idOf(1),
          customerId: 'c1',
          partition: 2,
          sourceOffset: 101,
          version: 3,
          status: 'PAID',
        },
        ...{ total: 30, money: paid, units: shippedUnits },
      },
    ]);
  });

  it('the first copy of a version counts', async () => {
    const { comparison, suspects } = setUp();
    await comparison.compare([placed(1), shipped(1), shipped(1, { status: 'CANCELLED' }), placed(1)]);
    comparison.begin();
    comparison.visit(row(1), lines);
    comparison.end();
    expect(suspects()).toEqual([]);
  });

  it('an order without a row is a suspect', async () => {
    const { comparison, suspects } = setUp();
    await comparison.compare([placed(1), placed(2)]);
    comparison.begin();
    comparison.visit(row(2, { version: 1, status: 'PENDING_PAYMENT', received: 0 }), lines);
    comparison.end();
    expect(suspects().map(({ orderId }) => orderId)).toEqual([idOf(1)]);
  });

  it('an order beyond the limit of memory is compared at once', async () => {
    const { comparison } = setUp({ ordersMax: 1, rowsOf: () => [] });
    const compared = await comparison.compare([placed(1), placed(2), shipped(1)]);
    expect(compared).toMatchObject([{ order: { orderId: idOf(2) }, isRight: false }]);
    expect([1, 3].map((n) => comparison.knows(idOf(n)))).toEqual([true, false]);
  });
});

it('an outcome that arrives during the walk is compared at once, and the walk leaves its order out', async () => {
  const rowsOf = (sql: string): object[] =>
    sql.includes('order_items') ? [{ order_key: 1, ...shippedUnits }] : [row(1)];
  const { comparison, suspects } = setUp({ rowsOf });
  await comparison.compare([placed(1)]);
  comparison.begin();
  const compared = await comparison.compare([shipped(1)]);
  expect(compared).toMatchObject([{ order: { version: 3, total: 30 }, isRight: true }]);
  // The snapshot of the walk still has the version before.
  comparison.visit(row(1, { version: 2, status: 'PAID' }), lines);
  comparison.end();
  expect(suspects()).toEqual([]);
});

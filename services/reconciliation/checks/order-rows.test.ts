import { expect, it } from 'vitest';
import { type Queryable, uuidToBytes } from '../../shared/mysql/index.ts';
import type { ExpectedOrder } from '../matching/recent-outcomes.ts';
import { readExpectedOrders } from './order-rows.ts';

const idOf = (n: number): string => `0000000${n}-0000-8000-8000-000000000000`;
const order = (n: number, sourceOffset: number, partition = 2): ExpectedOrder => ({
  orderId: idOf(n),
  customerId: 'c1',
  partition,
  sourceOffset,
  version: 1,
  status: 'S',
  total: 1,
  money: null,
  units: null,
});
const row = (n: number, offset: number, partition = 2) => ({
  order_key: partition * 2 ** 48 + offset,
  order_id: uuidToBytes(idOf(n)),
  customer_id: 'c1',
  status: 'S',
  version: 1,
  total: 1,
});

const units = { ordered: 5, cancelled: 1, shipped: 4, returned: 3, restocked: 2 };

/** A table that records its queries. */
function table(rows: ReturnType<typeof row>[]) {
  const asked: string[] = [];
  const mysql = {
    async rows(sql: string, params: number[] = []) {
      if (sql.includes('FROM order_items')) {
        asked.push('units');
        const keys = sql
          .match(/IN \(([\d,]+)\)/)![1]!
          .split(',')
          .map(Number);
        return keys.map((order_key) => ({ order_key, ...units }));
      }
      if (!sql.includes('BETWEEN')) {
        const ids = [...sql.matchAll(/x'([0-9a-f]{32})'/g)].map(([, hex]) => hex);
        asked.push(`${ids.length} ids`);
        return rows.filter((each) => ids.includes(each.order_id.toString('hex')));
      }
      asked.push(`${params.length / 2} ranges`);
      return rows.filter((each) =>
        params.some(
          (from, at) => at % 2 === 0 && each.order_key >= from && each.order_key <= params[at + 1]!,
        ),
      );
    },
  };
  return { asked, mysql: mysql as unknown as Queryable };
}

it('finds new orders at the keys of their commands', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 11), row(9, 12), row(3, 13)]);
  const found = await readExpectedOrders(mysql, [order(3, 13), order(1, 10), order(2, 11)]);
  expect([1, 2, 3].map((n) => found.get(idOf(n))?.orderId)).toEqual([1, 2, 3].map(idOf));
  expect(asked).toEqual(['1 ranges']);
});

it('searches by id before an order counts as missing', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 900)]);
  const found = await readExpectedOrders(mysql, [order(1, 10), order(2, 11), order(3, 12)]);
  expect(found.get(idOf(2))).toBeDefined();
  expect(found.get(idOf(3))).toBeUndefined();
  expect(asked).toEqual(['1 ranges', '2 ids']);
});

it('reads no range that contains mostly other orders', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 100_000)]);
  const found = await readExpectedOrders(mysql, [order(1, 10), order(2, 100_000)]);
  expect([...found.keys()]).toEqual([idOf(1), idOf(2)]);
  expect(asked).toEqual(['2 ids']);
});

it('reads the ranges of several partitions with one query', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 5, 7), row(3, 900, 8)]);
  const orders = [order(1, 10), order(2, 5, 7), order(3, 900, 8), order(4, 100_000, 8)];
  const found = await readExpectedOrders(mysql, orders);
  expect([...found.keys()]).toEqual([1, 2, 3].map(idOf));
  expect(asked).toEqual(['2 ranges', '2 ids']);
});

it('reads changed orders by id: their keys follow from an earlier command', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 11)]);
  const found = await readExpectedOrders(mysql, [order(1, 10), { ...order(2, 700), version: 3 }]);
  expect([...found.keys()]).toEqual([idOf(1), idOf(2)]);
  expect(asked).toEqual(['1 ranges', '1 ids']);
});

it('reads units only of changed orders whose outcome has them', async () => {
  const { asked, mysql } = table([row(1, 10), row(2, 11), row(3, 12)]);
  const changed = [
    { ...order(2, 700), version: 3, units: { ...units, shipped: 0 } },
    { ...order(3, 701), version: 2 },
  ];
  const found = await readExpectedOrders(mysql, [order(1, 10), ...changed]);
  expect([1, 2, 3].map((n) => found.get(idOf(n))!.units)).toEqual([null, units, null]);
  expect(asked).toEqual(['1 ranges', '2 ids', 'units']);
});

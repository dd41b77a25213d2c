import { expect, it } from 'vitest';
import { systemClock } from '../../shared/clock/index.ts';
import { createPace } from '../checks/pace.ts';
import { createTally } from '../findings/tally.ts';
import { pageRows } from './pages.ts';
import type { OrderRow } from './rows.ts';
import { countUnpaid } from './unpaid.ts';

const order = (unpaid_customer: string | null, unpaid_units: number): OrderRow =>
  ({ unpaid_customer, unpaid_units }) as OrderRow;

async function found(orders: readonly OrderRow[], counters: Record<string, number>) {
  const unpaid = countUnpaid();
  for (const each of orders) unpaid.add(each);
  const tally = createTally([], 10);
  const rows = Object.entries(counters).map(([customer_id, units]) => ({ customer_id, units }));
  const session = {
    rows: async (_sql: string, [after]: [string]) =>
      rows.filter(({ customer_id }) => customer_id > after).slice(0, pageRows),
  };
  await unpaid.compare(
    {
      session: session as never,
      pace: createPace(systemClock, () => 0),
      signal: new AbortController().signal,
    },
    tally,
  );
  return tally.kept().map(({ kind, subject, expected, actual }) => [kind, subject, expected, actual]);
}

it('the units of unpaid orders are counted by customer', async () => {
  const orders = [order('a', 2), order('a', 3), order('b', 1), order(null, 7)];
  expect(await found(orders, { a: 5, b: 1, c: 0 })).toEqual([]);
  expect(await found(orders, { a: 4, b: 1, c: 2 })).toEqual([
    ['UNPAID_DIFFERS', 'a', '5 units in unpaid orders', '4 units counted'],
    ['UNPAID_DIFFERS', 'c', '0 units in unpaid orders', '2 units counted'],
  ]);
  expect(await found(orders, { a: 5 })).toEqual([
    ['UNPAID_DIFFERS', 'b', '1 units in unpaid orders', '0 units counted'],
  ]);
});

it('every page of customers is read', async () => {
  const counters = Object.fromEntries(Array.from({ length: pageRows }, (_, n) => [`a${n + 10_000}`, 0]));
  expect(await found([], { ...counters, z: 1 })).toHaveLength(1);
});

/** Which levels a batch reads and locks. The statements are those that the session would send. */
import { expect, test } from 'vitest';
import { type CommandNeeds, type Coupon, type KnownOrder, noRules } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { createLowLevels } from '../batching/low-stock.ts';
import { loadLevels } from './levels.ts';

const coupon: Coupon = {
  code: 'FEW',
  discount: { kind: 'PERCENT', basisPoints: 1_000 },
  currency: null,
  minimum: 0,
  fromMs: null,
  untilMs: null,
  scope: null,
  totalLimit: 10,
  customerLimit: 1,
};
const rules = { ...noRules, coupons: new Map([['FEW', coupon]]) };
const noNeeds: CommandNeeds = {
  skus: [],
  customers: [],
  coupons: [],
  orderIds: new Set(),
  givingBack: new Set(),
  commands: [],
  moneyOf: new Set(),
  goodsOf: new Set(),
  adjusted: new Set(),
  payments: [],
  refundIds: [],
  openRefunds: [],
};
/** An order that exists. It holds a unit of a SKU and a redemption that are both short. */
const held = {
  orderId: 'o1',
  status: 'PENDING_PAYMENT',
  customerId: 'c1',
  redemption: { code: 'FEW', counted: 3 },
  lines: [{ sku: 'A', quantity: 1 }],
} as unknown as KnownOrder;

/** Loads the levels for a batch. Resolves with its statements. Of everything short, 5 are left. */
async function statements(
  needs: Partial<CommandNeeds>,
  order = held,
  unpaidUnitsMax: number | null = null,
): Promise<string[]> {
  const low = createLowLevels();
  low.stock.add(['A', 'B']);
  low.totals.add(['FEW']);
  low.customers.add(['FEW c1']);
  low.unpaid.add(['c1', 'full']);
  const sent: string[] = [];
  const rows = async (sql: string) => {
    sent.push(sql);
    if (sql.includes('unpaid_customers')) return [{ customer_id: 'full', units: 9 }];
    return ['A', 'B', 'FEW']
      .filter((name) => sql.includes(`'${name}'`))
      .map((name) => ({ sku: name, code: name, customer_id: 'c1', available: 5, used: 0 }));
  };
  await loadLevels(
    { session: { rows, write: rows } as unknown as Session, low },
    { ...noNeeds, ...needs },
    new Map([['o1', order]]),
    { ...rules, unpaidUnitsMax },
  );
  return sent;
}

test('a batch that only changes existing orders reads and locks no level', async () => {
  expect(await statements({ givingBack: new Set(['o1']) })).toEqual([]);
});

/** The locked rows by table, in the order of the locks. */
const locksOf = (sent: readonly string[]) =>
  sent
    .filter((sql) => sql.endsWith('FOR UPDATE'))
    .map((sql) => /FROM (\w+) WHERE .* IN \((.*)\) ORDER/.exec(sql)?.slice(1));

test('a batch that places an order for a short SKU locks all its short counters, customers first', async () => {
  expect(locksOf(await statements({ skus: ['B'], givingBack: new Set(['o1']) }))).toEqual([
    ['coupon_customers', "('FEW','c1')"],
    ['coupon_counters', "'FEW'"],
    ['stock', "'A','B'"],
  ]);
});

test('a batch locks no counter of orders that give nothing back', async () => {
  // Its payment is confirmed in this batch.
  expect(locksOf(await statements({ skus: ['B'] }))).toEqual([['stock', "'B'"]]);
  const ended = { ...held, status: 'CANCELLED' } as const;
  expect(locksOf(await statements({ skus: ['B'], givingBack: new Set(['o1']) }, ended))).toEqual([
    ['stock', "'B'"],
  ]);
});

test('customers near the limit are locked before all other counters, and those at the limit are only read', async () => {
  const owing = { ...held, unpaidUnits: 2, redemption: null } as KnownOrder;
  const near = await statements({ customers: ['c1', 'full', 'new'] }, owing, 9);
  expect(near.filter((sql) => !sql.startsWith('INSERT'))).toEqual([
    "SELECT customer_id, units FROM unpaid_customers WHERE customer_id IN ('c1','full')",
    "SELECT customer_id, units FROM unpaid_customers WHERE customer_id IN ('c1') ORDER BY customer_id FOR UPDATE",
  ]);
  const alsoShort = await statements({ customers: ['full'], skus: ['B'] }, owing, 9);
  expect(locksOf(alsoShort)).toEqual([
    ['unpaid_customers', "'c1','full'"],
    ['stock', "'B'"],
  ]);
});

test('without a limit no unpaid units are read', async () => {
  const owing = { ...held, unpaidUnits: 0, redemption: null } as KnownOrder;
  expect(await statements({ customers: ['c1', 'full'] }, owing)).toEqual([]);
});

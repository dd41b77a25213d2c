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
  coupons: [],
  orderIds: new Set(),
  commands: [],
  moneyOf: new Set(),
  payments: [],
};
/** An order that exists. It holds a unit of a SKU and a redemption that are both short. */
const held = {
  customerId: 'c1',
  redemption: { code: 'FEW', counted: 3 },
  lines: [{ sku: 'A', quantity: 1 }],
} as unknown as KnownOrder;

/** Loads the levels for a batch. Resolves with its statements. Of everything short, 5 are left. */
async function statements(needs: Partial<CommandNeeds>): Promise<string[]> {
  const low = createLowLevels();
  low.stock.add(['A', 'B']);
  low.totals.add(['FEW']);
  low.customers.add(['FEW c1']);
  const sent: string[] = [];
  const rows = async (sql: string) => {
    sent.push(sql);
    return ['A', 'B', 'FEW']
      .filter((name) => sql.includes(`'${name}'`))
      .map((name) => ({ sku: name, code: name, customer_id: 'c1', available: 5, used: 0 }));
  };
  await loadLevels(
    { session: { rows } as unknown as Session, low },
    { ...noNeeds, ...needs },
    new Map([['o1', held]]),
    rules,
  );
  return sent;
}

test('a batch that only changes existing orders reads and locks no level', async () => {
  expect(await statements({})).toEqual([]);
});

test('a batch that places an order for a short SKU locks all its short counters, customers first', async () => {
  const locked = (await statements({ skus: ['B'] })).filter((sql) => sql.endsWith('FOR UPDATE'));
  expect(locked.map((sql) => /FROM (\w+) WHERE .* IN \((.*)\) ORDER/.exec(sql)?.slice(1))).toEqual([
    ['coupon_customers', "('FEW','c1')"],
    ['coupon_counters', "'FEW'"],
    ['stock', "'A','B'"],
  ]);
});

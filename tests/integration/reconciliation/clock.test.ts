/**
 * The age of a row comes from the database's time. So the wall clock of a process creates no finding and
 * hides none.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { makeWorld } from '../../support/order-world/order-world.ts';
import {
  followed,
  namesOf,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('reconciliation-clock');
const realNow = Date.now;
const hourMs = 3_600_000;
/** How far the wall clock is wrong: longer than any order may stay in a state. */
const yearMs = 365 * 24 * hourMs;
let one: ReconciledWorld;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await followed(one);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => one.close());

const isStuck = (name: string): boolean => name.startsWith('ORDER_STUCK ');

it('finds stuck orders, and no others, with a clock a year ahead or two years behind', async () => {
  const [young, old] = one.world.orders.filter(({ status }) => status === 'PENDING_PAYMENT');
  for (const [order, overdueMs] of [
    [young!, -hourMs],
    [old!, hourMs],
  ] as const) {
    await one.db.query(
      `UPDATE orders SET payment_due_at_ms = UNIX_TIMESTAMP() * 1000 - ? WHERE order_id = ?`,
      [overdueMs, Buffer.from(order.id.replaceAll('-', ''), 'hex')],
    );
  }
  const stuck = [`ORDER_STUCK ${old!.id}`];
  const before = realNow();
  for (const wrongMs of [yearMs, -2 * yearMs]) {
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + wrongMs);
    expect(namesOf((await one.onDemand()).findings).filter(isStuck)).toEqual(stuck);
    await twoRounds(one);
    const isSeen = async () => (await one.open()).some(isStuck);
    await until(isSeen, { what: 'a finding of the service', deadlineMs: 20_000 });
    expect((await one.open()).filter(isStuck)).toEqual(stuck);
  }
  const [rows] = await one.db.query<RowDataPacket[]>(
    'SELECT MIN(first_seen_at_ms) AS first, MAX(last_seen_at_ms) AS last FROM reconciliation_findings',
  );
  expect(Number(rows[0]!.first)).toBeGreaterThan(before - 60_000);
  expect(Number(rows[0]!.last)).toBeLessThan(realNow() + 60_000);
}, 120_000);

/**
 * There are more differences than the table of findings lists. No kind hides another, no finding closes
 * because of the limit, and the rest is counted.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterEach, expect, test } from 'vitest';
import { makeWorld } from '../../support/order-world/order-world.ts';
import {
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const files = useTopicPrefix('bounds');
let one: ReconciledWorld;

afterEach(() => one.close());

/** These keys come after the keys of the world's orders. */
const keysFrom = 11 * 2 ** 48 + 1_000_000;

/** Rejected orders without lines, so that the amounts of each differ. */
async function addWrongOrders(count: number): Promise<void> {
  const values = Array.from({ length: count }, (_, n) => {
    const id = Buffer.alloc(16);
    id.writeUInt32BE(n + 1, 12);
    return [keysFrom + n, id, 'c1', 'REJECTED', 1, 'EUR', 0, 0, 0, 0, 0, 1, `k${n}`, Buffer.alloc(32), 1, 1];
  });
  for (let from = 0; from < count; from += 1_000) {
    await one.db.query(
      'INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax, total, price_version, idempotency_key, fingerprint, created_at_ms, updated_at_ms) VALUES ?',
      [values.slice(from, from + 1_000)],
    );
  }
}

async function statusCounts(kind: string): Promise<Record<string, number>> {
  const [rows] = await one.db.query<RowDataPacket[]>(
    'SELECT status, COUNT(*) AS n FROM reconciliation_findings WHERE kind = ? GROUP BY status',
    [kind],
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, Number(n)]));
}

async function unlisted(): Promise<string | null> {
  const [[row]] = await one.db.query<RowDataPacket[]>(
    `SELECT actual FROM reconciliation_findings WHERE kind = 'FINDINGS_UNLISTED' AND status = 'OPEN'`,
  );
  return (row?.['actual'] as string | undefined) ?? null;
}

const settled = (what: string, condition: () => Promise<boolean>) =>
  until(condition, { what, deadlineMs: 60_000 });

test('a stock difference is found although more orders differ than are listed', async () => {
  one = await reconcileWorld(makeWorld(), { prefix: `${files}0.` });
  await addWrongOrders(5_200);
  await settled('5,000 findings', async () => (await statusCounts('MONEY_DIFFERS'))['OPEN'] === 5_000);
  await one.db.query('UPDATE stock SET available = available + 1');
  await settled('the stock difference', async () => (await statusCounts('STOCK_DIFFERS'))['OPEN'] === 1);
  await twoRounds(one);
  // No finding was closed to make room.
  expect(await statusCounts('MONEY_DIFFERS')).toEqual({ OPEN: 5_000 });
  expect(await unlisted()).toBe('{"unlisted":200}');
  const { counts, ok } = await one.onDemand();
  expect(ok).toBe(false);
  expect(counts).toEqual([
    { kind: 'STOCK_DIFFERS', found: 1, listed: 1 },
    { kind: 'MONEY_DIFFERS', found: 5_200, listed: 5_000 },
  ]);
}, 180_000);

test('repaired findings close, others take their place, and the count ends with the last', async () => {
  one = await reconcileWorld(makeWorld(), { prefix: `${files}1.`, FINDINGS_PER_KIND: '20' });
  await addWrongOrders(50);
  await settled('the first 20', async () => (await statusCounts('MONEY_DIFFERS'))['OPEN'] === 20);
  await settled('the count', async () => (await unlisted()) === '{"unlisted":30}');
  await one.db.query('DELETE FROM orders WHERE order_key >= ? AND order_key < ?', [keysFrom, keysFrom + 20]);
  await settled('the next 20', async () => (await unlisted()) === '{"unlisted":10}');
  expect(await statusCounts('MONEY_DIFFERS')).toEqual({ OPEN: 20, CLOSED: 20 });
  await one.db.query('DELETE FROM orders WHERE order_key >= ?', [keysFrom]);
  await settled('the end', async () => (await one.open()).length === 0);
  expect(await statusCounts('MONEY_DIFFERS')).toEqual({ CLOSED: 40 });
  expect(one.service.failure()).toBeNull();
}, 120_000);

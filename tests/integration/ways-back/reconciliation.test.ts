/**
 * Reconciliation reports work that it cannot do for a while, and does it later. It always reports a restored
 * database.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FINDINGS } from '../../../topics/index.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { idBytes, type Planting, startPlanting } from '../../support/order-world/planting.ts';
import {
  followed,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ways-back-reconciliation');
let one: ReconciledWorld;
let planting: Planting;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await followed(one);
  planting = await startPlanting(one);
}, 120_000);

afterAll(() => one?.close());

async function openAre(expected: string[]): Promise<void> {
  const wanted = JSON.stringify(expected.toSorted());
  await until(async () => JSON.stringify(await one.open()) === wanted, {
    what: `the findings ${wanted}`,
    deadlineMs: 30_000,
  }).catch(async (cause: unknown) => {
    expect(await one.open()).toEqual(expected.toSorted());
    throw cause;
  });
  expect(one.service.failure()).toBeNull();
}

async function counts(metric: RegExp): Promise<number> {
  return Number(metric.exec(await one.service.metrics.text())?.[1] ?? 0);
}

test('a check that fails is reported and retried, and blocks no other check', async () => {
  await twoRounds(one);
  await one.db.query('RENAME TABLE stock TO stock_away');
  await until(() => one.service.problems().some((problem) => /the check book fails/.test(problem)), {
    what: 'readiness naming the check',
    deadlineMs: 30_000,
  });
  expect(await counts(/checks_total\{check="book",result="failed"[^}]*\} (\d+)/)).toBeGreaterThan(0);
  const others = () => counts(/checks_total\{check="offsets",result="done"[^}]*\} (\d+)/);
  const before = await others();
  await until(async () => (await others()) > before, { what: 'a round of another check' });
  await one.db.query('RENAME TABLE stock_away TO stock');
  await until(() => one.service.problems().length === 0, { what: 'readiness', deadlineMs: 30_000 });
  await one.db.query('UPDATE stock SET available = available + 1');
  await openAre(['STOCK_DIFFERS A-1']);
  await one.db.query('UPDATE stock SET available = available - 1');
  await openAre([]);
}, 90_000);

test('a finding that its topic refuses is counted; the table has it', async () => {
  await one.kafka.admin.alterTopicConfigs(FINDINGS, { 'max.message.bytes': '100' });
  await one.db.query('UPDATE stock SET available = available + 1');
  await openAre(['STOCK_DIFFERS A-1']);
  await until(async () => (await counts(/published_total\{result="failed"[^}]*\} (\d+)/)) > 0, {
    what: 'the metric',
  });
  await one.kafka.admin.alterTopicConfigs(FINDINGS, { 'max.message.bytes': '1048588' });
  const sent = () => counts(/published_total\{result="sent"[^}]*\} (\d+)/);
  const before = await sent();
  await one.db.query('UPDATE stock SET available = available - 1');
  await openAre([]);
  await until(async () => (await sent()) > before, { what: 'the change being published' });
}, 90_000);

/**
 * Restores the tables to their state before the last command of the partition, which made this order, was
 * decided.
 */
async function putBack(partition: number, orderId: string): Promise<void> {
  await planting.sql(
    'DELETE FROM order_items WHERE order_key = (SELECT order_key FROM orders WHERE order_id = ?)',
    idBytes(orderId),
  );
  await planting.sql('DELETE FROM orders WHERE order_id = ?', idBytes(orderId));
  await planting.sql(
    'UPDATE lane_positions SET next_offset = next_offset - 1, published_offset = published_offset - 1 WHERE partition_id = ?',
    partition,
  );
}

test('a restored database is found while an instance runs, and at the next start', async () => {
  const first = await planting.reject(8);
  const second = await planting.reject(3);
  await followed(one);
  await twoRounds(one);
  await putBack(8, first);
  await openAre([`ORDER_MISSING ${first}`, 'POSITION_BACK 8']);

  await one.service.stop();
  await putBack(3, second);
  one.service = await one.startAnother();
  await until(async () => (await one.open()).includes('POSITION_BACK 3'), {
    what: 'the second finding',
    deadlineMs: 30_000,
  });
  expect(one.service.failure()).toBeNull();
}, 90_000);

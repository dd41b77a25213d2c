/**
 * Every kind of difference is planted while reconciliation runs. Each is found within its time, and no other
 * difference is found.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findingKinds } from '../../../services/reconciliation/findings/finding-kinds.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { addGoods } from '../../support/order-world/order-world-goods.ts';
import { addMoney } from '../../support/order-world/order-world-money.ts';
import { plants } from '../../support/order-world/planted-differences.ts';
import { deliverAll, type Planting, startPlanting } from '../../support/order-world/planting.ts';
import {
  followed,
  namesOf,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('planted');
const ordersInWorld = 150;
const foundWithinMs = 60_000;
/** Only an observer of the logs can see these differences. */
const needTime = ['LANE_STALLED'];
/** Other tests plant differences of whole logs (logs.test.ts) and of large numbers (bounds.test.ts). */
const shownElsewhere = ['TOPIC_REPLACED', 'LOG_GAP', 'FINDINGS_UNLISTED'];
const expected = new Map<string, number>();
let one: ReconciledWorld;
let planting: Planting;

beforeAll(async () => {
  const world = makeWorld(ordersInWorld);
  addMoney(world);
  addGoods(world);
  one = await reconcileWorld(world, { prefix, RECONCILE_EVERY: '1s' });
  planting = await startPlanting(one);
  await deliverAll(one);
});

afterAll(() => one.close());

test('every planted difference is found within 60 s, and nothing else', async () => {
  await followed(one);
  await twoRounds(one);
  expect(await one.open()).toEqual([]);

  for (const { plant, what } of plants) {
    const atMs = Date.now();
    for (const name of await plant(planting)) {
      // One stock level may be wrong for several reasons.
      if (!expected.has(name)) expected.set(name, atMs);
      else expect(name, what).toBe('STOCK_DIFFERS A-1');
    }
  }
  const names = [...expected.keys()].toSorted();
  const isFound = async () => {
    const open = new Set(await one.open());
    return names.every((name) => open.has(name));
  };
  // The assertion below names missing and unexpected findings.
  await until(isFound, { what: 'everything being found', deadlineMs: foundWithinMs }).catch(() => undefined);
  await twoRounds(one);
  expect(await one.open()).toEqual(names);

  const [rows] = await one.db.query<RowDataPacket[]>(
    'SELECT kind, subject, expected, actual, first_seen_at_ms FROM reconciliation_findings',
  );
  // The list includes findings that closed meanwhile.
  expect(rows.filter(({ kind, subject }) => !expected.has(`${kind} ${subject}`))).toEqual([]);
  const slowestMs = Math.max(
    ...rows.map(
      ({ kind, subject, first_seen_at_ms }) => Number(first_seen_at_ms) - expected.get(`${kind} ${subject}`)!,
    ),
  );
  expect(slowestMs).toBeLessThan(foundWithinMs);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect([...new Set(names.map((name) => name.split(' ')[0]))].toSorted()).toEqual(
    findingKinds.filter((kind) => !shownElsewhere.includes(kind)).toSorted(),
  );

  const onDemand = namesOf((await one.onDemand()).findings);
  expect(onDemand).toEqual(names.filter((name) => !needTime.includes(name.split(' ')[0]!)));
}, 180_000);

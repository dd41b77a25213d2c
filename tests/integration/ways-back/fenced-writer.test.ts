/**
 * Brokers do not end transactions of the snapshot's writer. The partition waits and shows why, and no reader
 * sees a part of a batch. It continues by itself. A commit whose answer was lost is not written twice.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fields } from '../../../services/projector/config.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { readCommittedRange } from '../../../services/shared/kafka/index.ts';
import { EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { type Outage, startOutage } from '../../support/faults/outage.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { type Planting, startPlanting } from '../../support/order-world/planting.ts';
import { type ReconciledWorld, reconcileWorld } from '../../support/order-world/reconciled-world.ts';
import { quietLog, testSettings } from '../../support/records/kafka.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ways-back-writer');
const backWithinMs = 30_000;
const all = 1_000_000;
let one: ReconciledWorld;
let planting: Planting;
let outage: Outage;
let projector: Started;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await one.service.stop();
  planting = await startPlanting(one);
  outage = await startOutage();
  const env = { ...one.env, INSTANCE_ID: 'projector' };
  projector = await outage.run(() => startInProcess(fields, env, startProjector));
  await covered();
}, 120_000);

afterAll(async () => {
  outage?.kafka.cutRequests('endTxn', 0);
  await projector?.stop();
  await outage?.close();
  await one?.close();
});

/** Checks that the states cover every outcome in time, and that readiness shows no problem any more. */
async function covered(): Promise<void> {
  const isBehind = async () => {
    const offsets = await one.kafka.admin.groupOffsets(GROUPS.projector, EVENTS);
    const ends = [...(await one.kafka.admin.endOffsets(EVENTS))];
    return ends.some(([partition, { high }]) => (offsets.get(partition) ?? 0n) < high);
  };
  await until(async () => !(await isBehind()) && projector.problems().length === 0, {
    what: 'the states covering every outcome',
    deadlineMs: backWithinMs,
  });
  expect(projector.failure()).toBeNull();
}

/** Returns the keys and `ce_id`s that readers see in a partition of the snapshot. */
async function seen(partition: number): Promise<string[]> {
  const { low, high } = (await one.kafka.admin.endOffsets(STATE)).get(partition)!;
  const range = {
    settings: testSettings(prefix),
    topic: STATE,
    partition,
    from: low,
    to: high,
    log: quietLog,
  };
  return (await readCommittedRange(range)).map(({ key, value }) => `${key} ${value?.toString('hex')}`);
}

test('while commits never reach the brokers, the partition waits, and no reader sees its states', async () => {
  const partition = 3;
  const before = await seen(partition);
  outage.kafka.cutRequests('endTxn', all);
  await planting.reject(partition);
  await until(() => projector.problems().some((problem) => problem.includes(`partition ${partition}:`)), {
    what: 'readiness naming the partition',
    deadlineMs: 60_000,
  });
  expect(await projector.metrics.text()).toMatch(/projector_partitions_waiting\{?[^}]*\}? [1-9]/);
  expect(await seen(partition)).toEqual(before);
  outage.kafka.cutRequests('endTxn', 0);
  await covered();
  expect((await seen(partition)).length).toBeGreaterThan(before.length);
}, 120_000);

test('a commit with a lost answer is written once', async () => {
  const partition = 8;
  const before = await seen(partition);
  outage.kafka.swallowAnswers('endTxn', 1);
  await planting.reject(partition);
  await until(() => outage.kafka.swallowed('endTxn') === 1, { what: 'the lost answer' });
  await covered();
  const added = (await seen(partition)).slice(before.length);
  expect(new Set(added).size).toBe(added.length);
}, 120_000);

test('records with a lost answer, or with a broken connection, are written once', async () => {
  const partition = 5;
  const before = await seen(partition);
  outage.kafka.swallowAnswers('produce', 1);
  await planting.reject(partition);
  await until(() => outage.kafka.swallowed('produce') === 1, { what: 'the lost answer' });
  await covered();
  outage.kafka.cutRequests('produce', 1);
  await planting.reject(partition);
  await until(() => outage.kafka.uncut('produce') === 0, { what: 'the cut request' });
  await covered();
  const added = (await seen(partition)).slice(before.length);
  // A state and a marker for each outcome.
  expect(added).toHaveLength(4);
  expect(new Set(added).size).toBe(4);
}, 120_000);

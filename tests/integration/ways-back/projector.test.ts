/**
 * A fault of one partition of the snapshot stops no other. The partition waits, shows why, and continues once
 * the cause is gone.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fields } from '../../../services/projector/config.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { openFencedWriter } from '../../../services/shared/kafka/index.ts';
import { EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { type LateRegistry, startLateRegistry } from '../../support/faults/late-registry.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { idBytes, type Planting, startPlanting } from '../../support/order-world/planting.ts';
import { type ReconciledWorld, reconcileWorld } from '../../support/order-world/reconciled-world.ts';
import { testSettings } from '../../support/records/kafka.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ways-back-projector');
const doubtful = { partition: 11, schemaId: 900_001 };
let one: ReconciledWorld;
let planting: Planting;
let registry: LateRegistry;
let projector: Started;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await one.service.stop();
  planting = await startPlanting(one);
  registry = await startLateRegistry(testStack().schemaRegistryUrl, {
    lateId: doubtful.schemaId,
    realId: one.kafka.codecs.events.schemaId,
  });
  const env = { ...one.env, SCHEMA_REGISTRY_URL: registry.url, INSTANCE_ID: 'projector' };
  projector = await startInProcess(fields, env, startProjector);
  await covered();
}, 120_000);

afterAll(async () => {
  await projector?.stop();
  await registry?.close();
  await one?.close();
});

/** Checks that the states cover every outcome of these partitions, or of all except the doubtful one. */
async function covered(partitions?: readonly number[]): Promise<void> {
  const behind = async () => {
    const offsets = await one.kafka.admin.groupOffsets(GROUPS.projector, EVENTS);
    return [...(await one.kafka.admin.endOffsets(EVENTS))].filter(
      ([partition, { high }]) =>
        (partitions?.includes(partition) ?? partition !== doubtful.partition) &&
        (offsets.get(partition) ?? 0n) < high,
    );
  };
  await until(async () => (await behind()).length === 0, { what: 'the states', deadlineMs: 40_000 });
  expect(projector.failure()).toBeNull();
}

async function waits(partition: number, reason: RegExp): Promise<void> {
  const says = () => projector.problems().join(' ');
  const named = (text: string) => text.includes(`partition ${partition}:`) && reason.test(text);
  await until(() => named(says()), { what: `readiness naming ${reason}`, deadlineMs: 30_000 }).catch(
    (cause: unknown) => {
      throw new Error(`problems: ${says()}`, { cause });
    },
  );
  expect(await projector.metrics.text()).toMatch(/projector_partitions_waiting\{?[^}]*\}? [1-9]/);
}

test('an unreadable outcome of ours makes its partition wait, and no other', async () => {
  const { partition, schemaId } = doubtful;
  const offset = await planting.decide(partition, null);
  const id = `${partition}-${offset}`;
  const value = one.kafka.codecs.events.encode({
    ...planting.outcomeOf(planting.order()),
    eventId: 'of a version that this build does not have',
    sourcePartition: partition,
    sourceOffset: offset,
    prevSourceOffset: offset - 1,
  });
  value.writeUInt32BE(schemaId, 1);
  await planting.raw(EVENTS, partition, value, { ce_id: id });
  await waits(partition, /has our headers but cannot be read/);
  await planting.reject(8);
  await covered();
  registry.learn();
}, 90_000);

test('a state that does not fit the schema makes its partition wait until the row is repaired', async () => {
  const order = planting.order();
  const [rows] = await one.db.query('SELECT created_at_ms AS at FROM orders WHERE order_id = ?', [
    idBytes(order.id),
  ]);
  const setTo = (at: unknown) =>
    planting.sql('UPDATE orders SET created_at_ms = ? WHERE order_id = ?', at, idBytes(order.id));
  await setTo('9200000000000000000');
  await planting.change(order, 'PAID', Date.now());
  await waits(order.partition, /The state after the outcome \d+-\d+ cannot be written/);
  await planting.reject(order.partition === 8 ? 3 : 8);
  await covered([order.partition === 8 ? 3 : 8]);
  await setTo((rows as { at: number }[])[0]!.at);
  await covered([order.partition]);
}, 90_000);

test('a write is retried if the topic of states refuses its size', async () => {
  await one.kafka.admin.alterTopicConfigs(STATE, { 'max.message.bytes': '100' });
  await planting.reject(3);
  await waits(3, /larger|large|size/i);
  await one.kafka.admin.alterTopicConfigs(STATE, { 'max.message.bytes': '1048588' });
  await covered([3]);
}, 90_000);

test('a partition that another writer has taken is claimed again', async () => {
  const settings = testSettings(prefix);
  const other = await openFencedWriter({
    settings,
    name: 'orders-projector-2',
    topic: STATE,
    partition: 2,
  });
  await other.close();
  await planting.reject(2);
  await covered([2]);
  expect(await projector.metrics.text()).toMatch(/claims_total\{result="lost"[^}]*\} [1-9]/);
}, 90_000);

test('the unreadable record is read once the registry has its id, and no partition waits any more', async () => {
  await covered([doubtful.partition]);
  await until(() => projector.problems().length === 0, { what: 'readiness', deadlineMs: 40_000 });
  expect(await projector.metrics.text()).toMatch(/projector_partitions_waiting\{?[^}]*\}? 0/);
  expect(await projector.metrics.text()).not.toMatch(
    /events_total\{result="(hole|undecodable)"[^}]*\} [1-9]/,
  );
}, 90_000);

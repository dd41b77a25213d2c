/**
 * Markers do not match the outcomes, as after lost records. The projector continues, and reports the outcomes
 * that it could not cover. States of orders from earlier batches have the values of their rows.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderState } from '../../../schemas/index.ts';
import { fields } from '../../../services/projector/config.ts';
import { fetchLogIds } from '../../../services/projector/logs.ts';
import { markerOf, type Position } from '../../../services/projector/projection.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { findPosition, messagesOf } from '../../../services/projector/snapshot.ts';
import { type Codec, loadStateCodec } from '../../../services/shared/codec/index.ts';
import { openFencedWriter, readCommittedRange } from '../../../services/shared/kafka/index.ts';
import { EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { idBytes, type Planting, startPlanting } from '../../support/order-world/planting.ts';
import { type ReconciledWorld, reconcileWorld } from '../../support/order-world/reconciled-world.ts';
import { quietLog, testSettings } from '../../support/records/kafka.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('projector-positions');
const partition = 3;
let one: ReconciledWorld;
let planting: Planting;
let states: Codec<OrderState>;
let projector: Started;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await one.service.stop();
  planting = await startPlanting(one);
  states = await loadStateCodec({ registryUrl: testStack().schemaRegistryUrl, log: quietLog });
  projector = await start();
  for (let n = 0; n < 4; n++) await planting.reject(partition);
  await covered();
}, 120_000);

afterAll(async () => {
  await projector?.stop();
  await one?.close();
});

const start = () => startInProcess(fields, { ...one.env, INSTANCE_ID: 'projector' }, startProjector);

async function end(): Promise<bigint> {
  return (await one.kafka.admin.endOffsets(EVENTS)).get(partition)!.high;
}

async function covered(): Promise<void> {
  await until(
    async () =>
      (await one.kafka.admin.groupOffsets(GROUPS.projector, EVENTS)).get(partition) === (await end()),
    { what: 'the states covering every outcome', deadlineMs: 40_000 },
  );
  expect(projector.failure()).toBeNull();
  await until(() => projector.problems().length === 0, { what: 'readiness' });
}

async function position(): Promise<Position> {
  const settings = testSettings(prefix);
  const deps = { settings, admin: one.kafka.admin, codec: states, onWait: () => undefined, log: quietLog };
  const ids = await fetchLogIds(settings);
  return (await findPosition(deps, partition, ids, new AbortController().signal)).position;
}

/** Writes the last marker again with changed contents, while no projector runs. */
async function mark(change: (from: Position) => Position): Promise<void> {
  await projector.stop();
  const settings = testSettings(prefix);
  const writer = await openFencedWriter({
    settings,
    name: `orders-projector-${partition}`,
    topic: STATE,
    partition,
  });
  const marker = markerOf(partition, change(await position()), Date.now());
  await writer.append(messagesOf(states, [], marker, await fetchLogIds(settings)));
  await writer.close();
  projector = await start();
}

async function count(metric: string): Promise<number> {
  const text = await projector.metrics.text();
  return Number(new RegExp(`projector_${metric}[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

async function newestState(orderId: string): Promise<OrderState | undefined> {
  const { low, high } = (await one.kafka.admin.endOffsets(STATE)).get(partition)!;
  const range = { topic: STATE, partition, from: low, to: high };
  const records = await readCommittedRange({ settings: testSettings(prefix), ...range, log: quietLog });
  return records.map(({ value }) => states.decode(value!)).findLast((state) => state.orderId === orderId);
}

test('late money does not remove the reason of a rejected order', async () => {
  const reason = { code: 'OUT_OF_STOCK', message: 'Only 1 is left.', pointer: '/items/0' };
  const id = await planting.reject(partition, { reason: { ...reason, seen: null } });
  await planting.sql('UPDATE orders SET reason = ? WHERE order_id = ?', JSON.stringify(reason), idBytes(id));
  await covered();
  await planting.decide(partition, {
    outcome: 'APPLIED',
    type: 'order.payment_kept',
    orderId: id,
    version: 2,
    status: 'REJECTED',
  });
  await covered();
  expect(await newestState(id)).toMatchObject({ version: 2, status: 'REJECTED', reason, terms: null });
}, 90_000);

test('outcomes that end before the marker are read from their end, and new ones are covered', async () => {
  const before = await position();
  await mark((from) => ({ ...from, eventsOffset: from.eventsOffset + 50n }));
  await until(async () => (await count('logs_changed_total\\{reason="cut"')) === 1, { what: 'the metric' });
  await planting.reject(partition);
  await covered();
  expect(await position()).toEqual({
    covers: before.covers + 1,
    coversFrom: before.coversFrom,
    eventsOffset: before.eventsOffset + 1n,
  });
  expect(await count('events_total\\{result="hole"')).toBe(0);
}, 90_000);

test('outcomes missing after the marker are found if they are still in the log', async () => {
  const before = await position();
  await mark((from) => ({ ...from, covers: from.covers - 2 }));
  await planting.reject(partition);
  await covered();
  expect(await count('logs_changed_total\\{reason="hole"')).toBe(1);
  expect(await count('events_total\\{result="hole"')).toBe(0);
  expect(await position()).toEqual({ ...before, covers: before.covers + 1, eventsOffset: await end() });
}, 90_000);

test('lost outcomes are a hole, and later ones are covered', async () => {
  const before = await position();
  await one.kafka.admin.deleteRecords(EVENTS, new Map([[partition, await end()]]));
  await mark((from) => ({ ...from, covers: from.covers - 2 }));
  await planting.reject(partition);
  await covered();
  expect(await count('events_total\\{result="hole"')).toBe(1);
  expect(await position()).toEqual({
    covers: before.covers + 1,
    coversFrom: before.covers,
    eventsOffset: await end(),
  });
}, 90_000);

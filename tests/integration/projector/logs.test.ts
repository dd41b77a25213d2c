/**
 * Logs are recreated while the projector runs. It continues with the new log, or waits and shows why.
 * Reconciliation runs too.
 */
import { afterEach, expect, test } from 'vitest';
import type { OrderState } from '../../../schemas/index.ts';
import { fields } from '../../../services/projector/config.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { type Codec, loadStateCodec } from '../../../services/shared/codec/index.ts';
import { COMMANDS, EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { makeAnew } from '../../support/faults/recreated-topic.ts';
import { makeWorld, messagesOf } from '../../support/order-world/order-world.ts';
import { startPlanting } from '../../support/order-world/planting.ts';
import {
  followed,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { startNewTeam } from '../../support/programs/new-team.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { produceRecords } from '../../support/records/produce.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { kafkaClient, testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const files = useTopicPrefix('projector-logs');
let one: ReconciledWorld;
let projector: Started;
let states: Codec<OrderState>;
let worlds = 0;

afterEach(async () => {
  await projector.stop();
  await one.close();
});

const start = () => startInProcess(fields, { ...one.env, INSTANCE_ID: 'projector' }, startProjector);

async function open(): Promise<void> {
  one = await reconcileWorld(makeWorld(), { prefix: `${files}${worlds++}.` });
  states = await loadStateCodec({ registryUrl: testStack().schemaRegistryUrl, log: quietLog });
  projector = await start();
  await followed(one);
  await snapshotHas(one.world.orders.length);
}

async function produce(topic: string): Promise<void> {
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: one.prefix };
  await produceRecords(
    config,
    messagesOf(one.world, one.kafka.codecs).filter((each) => each.topic === topic),
  );
}

/** A team that starts now finds this many orders in the snapshot, and no violation. */
async function snapshotHas(orders: number): Promise<void> {
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: one.prefix };
  let seen = -1;
  const look = async (): Promise<boolean> => {
    const team = await startNewTeam(config, { states, events: one.kafka.codecs.events });
    seen = team.fromSnapshot;
    const { complaints } = team;
    await team.close();
    return seen === orders && complaints.length === 0;
  };
  await until(look, { what: `${orders} orders in the snapshot`, deadlineMs: 40_000, everyMs: 500 }).catch(
    (cause: unknown) => {
      throw new Error(`${seen} orders are in the snapshot`, { cause });
    },
  );
  expect(projector.failure()).toBeNull();
}

async function isQuiet(): Promise<void> {
  await twoRounds(one);
  expect(await one.open()).toEqual([]);
  expect(one.service.failure()).toBeNull();
  expect(projector.problems()).toEqual([]);
}

test('the snapshot is recreated as docs/operating describes, while reconciliation continues', async () => {
  await open();
  await until(async () => (await one.kafka.admin.groupPositions(GROUPS.reconciliation, STATE)).size > 0, {
    what: 'reconciliation following the snapshot',
    deadlineMs: 20_000,
  });
  await projector.stop();
  const plain = kafkaClient(testStack().kafkaBrokers).admin();
  await plain.connect();
  await plain.deleteTopics({ topics: [one.prefix + STATE] });
  await plain.disconnect();
  await until(
    async () => (await orderstream({ name: 'test', env: one.env }, ['topics', 'apply'])).code === 0,
    {
      what: 'orderstream topics apply',
      deadlineMs: 60_000,
      everyMs: 1_000,
    },
  );
  projector = await start();
  await snapshotHas(one.world.orders.length);
  await isQuiet();
}, 120_000);

test('a snapshot that is recreated while a projector runs becomes complete again', async () => {
  await open();
  await makeAnew(one.prefix, STATE, one.kafka.admin);
  await snapshotHas(one.world.orders.length);
  await isQuiet();
}, 120_000);

test('recreated outcomes are read from their beginning, and new ones reach the snapshot', async () => {
  await open();
  const planting = await startPlanting(one);
  await makeAnew(one.prefix, EVENTS, one.kafka.admin);
  await produce(EVENTS);
  await planting.reject(3);
  await snapshotHas(one.world.orders.length + 1);
  // If a new log has the same records at the same offsets, only the id differs. The projector checks the id
  // every second.
  await until(
    async () => /logs_changed_total\{reason="replaced"[^}]*\} [1-9]/.test(await projector.metrics.text()),
    { what: 'the metric of the new log' },
  );
  expect(await projector.metrics.text()).not.toMatch(/events_total\{result="hole"[^}]*\} [1-9]/);
}, 120_000);

test('recreated commands stop the states with a reason, until the snapshot is recreated', async () => {
  await open();
  await makeAnew(one.prefix, COMMANDS, one.kafka.admin);
  await until(() => projector.problems().some((problem) => problem.includes('another command log')), {
    what: 'readiness naming the reason',
    deadlineMs: 30_000,
  });
  expect(await projector.metrics.text()).toMatch(/partitions_waiting\{?[^}]*\}? [1-9]/);
  await makeAnew(one.prefix, STATE, one.kafka.admin);
  await snapshotHas(one.world.orders.length);
  await until(() => projector.problems().length === 0, { what: 'readiness', deadlineMs: 30_000 });
}, 120_000);

test('outcomes with another schema id after a registry rebuild are still covered', async () => {
  await open();
  const planting = await startPlanting(one);
  const order = planting.order();
  const { id, partition } = order;
  const offset = await planting.decide(partition, null);
  const value = one.kafka.codecs.events.encode({
    ...planting.outcomeOf(order),
    eventId: `${partition}-${offset}`,
    sourcePartition: partition,
    sourceOffset: offset,
    prevSourceOffset: offset - 1,
    outcome: 'APPLIED',
    version: 2,
    status: 'CANCELLED',
  });
  value.writeUInt32BE(999_999, 1);
  await planting.raw(EVENTS, partition, value, { ce_id: `${partition}-${offset}` });
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: one.prefix };
  await until(
    async () => {
      const team = await startNewTeam(config, { states, events: one.kafka.codecs.events });
      await team.close();
      return team.orders.get(id)?.version === 2;
    },
    { what: 'the change being in the snapshot', deadlineMs: 20_000, everyMs: 500 },
  );
  expect(await projector.metrics.text()).not.toMatch(/result="undecodable"[^}]*\} [1-9]/);
}, 120_000);

/**
 * Logs are recreated, truncated or emptied while reconciliation runs. It continues with the new log, and
 * reports the records that it could not compare.
 */
import { afterEach, expect, test } from 'vitest';
import { COMMANDS, DEAD_LETTERS, EVENTS, STATE } from '../../../topics/index.ts';
import { makeAnew } from '../../support/faults/recreated-topic.ts';
import { makeWorld, messagesOf } from '../../support/order-world/order-world.ts';
import { statesOf } from '../../support/order-world/order-world-states.ts';
import { startPlanting } from '../../support/order-world/planting.ts';
import {
  followed,
  type ReconciledWorld,
  reconcileWorld,
  twoRounds,
} from '../../support/order-world/reconciled-world.ts';
import { produceRecords } from '../../support/records/produce.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const files = useTopicPrefix('logs');
let one: ReconciledWorld;
let worlds = 0;

afterEach(() => one.close());

async function open(): Promise<ReconciledWorld> {
  one = await reconcileWorld(makeWorld(), { prefix: `${files}${worlds++}.` });
  await followed(one);
  await twoRounds(one);
  expect(await one.open()).toEqual([]);
  return one;
}

async function produce(topic: string): Promise<void> {
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: one.prefix };
  const records = messagesOf(one.world, one.kafka.codecs).filter((each) => each.topic === topic);
  await produceRecords(config, records);
}

async function findings(expected: string[]): Promise<void> {
  await until(async () => JSON.stringify(await one.open()) === JSON.stringify(expected.toSorted()), {
    what: expected.join(', '),
    deadlineMs: 40_000,
  }).catch(async (cause: unknown) => {
    expect(await one.open()).toEqual(expected.toSorted());
    throw cause;
  });
  expect(one.service.failure()).toBeNull();
}

/** Reconciliation still finds new damage. */
async function stillLooks(alsoOpen: string[]): Promise<void> {
  await one.db.query('UPDATE stock SET available = available + 1');
  await findings([...alsoOpen, 'STOCK_DIFFERS A-1']);
  await one.db.query('UPDATE stock SET available = available - 1');
  await findings(alsoOpen);
  await until(() => one.service.problems().length === 0, { what: 'readiness', deadlineMs: 20_000 });
}

async function renewed(): Promise<void> {
  await until(async () => /renewals_total\{[^}]*\} [1-9]/.test(await one.service.metrics.text()), {
    what: 'following starting again',
    deadlineMs: 30_000,
  });
}

test('a recreated snapshot is followed from its beginning, and is no finding', async () => {
  await open();
  const planting = await startPlanting(one);
  const { states, markers } = statesOf(one.world);
  await planting.states(...states, ...markers, ...states, ...markers);
  await until(async () => (await one.kafka.admin.groupPositions('orders-reconciliation', STATE)).size > 0, {
    what: 'offsets of the snapshot',
    deadlineMs: 20_000,
  });
  await makeAnew(one.prefix, STATE, one.kafka.admin);
  await renewed();
  await planting.states(...states, ...markers);
  await twoRounds(one);
  await stillLooks([]);

  // The snapshot is also recreated while no instance runs, with fewer records than the stored offset.
  await one.service.stop();
  await makeAnew(one.prefix, STATE, one.kafka.admin);
  await planting.states(...markers);
  one.service = await one.startAnother();
  await planting.states(...states, ...markers);
  await twoRounds(one);
  await stillLooks([]);
}, 120_000);

test('outcomes that are recreated and filled beyond the old offsets are read from their beginning, and reported', async () => {
  await open();
  await one.service.stop();
  await makeAnew(one.prefix, EVENTS, one.kafka.admin);
  await produce(EVENTS);
  await produce(EVENTS);
  one.service = await one.startAnother();
  await findings([`TOPIC_REPLACED ${EVENTS}`]);
  await stillLooks([`TOPIC_REPLACED ${EVENTS}`]);
}, 120_000);

test('commands that are recreated while an instance runs are detected, even if there are fewer', async () => {
  await open();
  await makeAnew(one.prefix, COMMANDS, one.kafka.admin);
  await renewed();
  const short = one.world.next.flatMap((next, partition) => (next > 0 ? [`LOG_SHORT ${partition}`] : []));
  await findings([`TOPIC_REPLACED ${COMMANDS}`, ...short]);
  // The topic gets the same commands again. So the number of records agrees, but none of them has an outcome.
  await produce(COMMANDS);
  const missing = one.world.commands.map(({ partition }, n, all) => {
    const before = all.slice(0, n).filter((command) => command.partition === partition).length;
    return `OUTCOME_MISSING ${partition}-${before}`;
  });
  await findings([`TOPIC_REPLACED ${COMMANDS}`, ...missing]);
}, 120_000);

test('a recreated dead-letter topic is compared without the records of the old one', async () => {
  await open();
  await makeAnew(one.prefix, DEAD_LETTERS, one.kafka.admin);
  const { partition, offset } = one.world.deadLetterRows[0]!;
  await findings([`DEAD_LETTER_UNPUBLISHED ${partition}-${offset}`]);
  await produce(DEAD_LETTERS);
  await stillLooks([]);
});

test('records that were deleted before they were read are reported', async () => {
  await open();
  await one.service.stop();
  const [busy] = one.world.next
    .entries()
    .toArray()
    .toSorted(([, a], [, b]) => b - a);
  const [partition, next] = busy!;
  await produce(EVENTS);
  const before = new Map([[partition, BigInt(next + 2)]]);
  await until(() => one.kafka.admin.deleteRecords(EVENTS, before).then(() => true), {
    what: 'deleting records',
  });
  one.service = await one.startAnother();
  await findings([`LOG_GAP ${EVENTS}/${partition}-${next}`]);
  await stillLooks([`LOG_GAP ${EVENTS}/${partition}-${next}`]);
});

test('after a recreated command topic is adopted, no offset of the old one stays a missing outcome', async () => {
  await open();
  await makeAnew(one.prefix, COMMANDS, one.kafka.admin);
  await renewed();
  await produce(COMMANDS);
  await until(async () => (await one.open()).some((each) => each.startsWith('OUTCOME_MISSING')), {
    what: 'outcomes of the recreated topic missing',
    deadlineMs: 30_000,
  });
  // The last step of `recover adopt`: the topic begins at the lane's position.
  const positions = new Map(
    one.world.next.flatMap((next, partition) => (next > 0 ? [[partition, BigInt(next)] as const] : [])),
  );
  await until(() => one.kafka.admin.deleteRecords(COMMANDS, positions).then(() => true), {
    what: 'deleting records',
  });
  await findings([`TOPIC_REPLACED ${COMMANDS}`]);
  await stillLooks([`TOPIC_REPLACED ${COMMANDS}`]);
}, 120_000);

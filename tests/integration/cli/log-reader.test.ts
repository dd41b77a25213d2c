/** The log reader of the commands leaves no connection open, and never mixes two logs. */
import { expect, test } from 'vitest';
import { type LogReader, openLogReader } from '../../../cli/kafka/log-reader.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { EVENTS, PARTITIONS } from '../../../topics/index.ts';
import { makeAnew } from '../../support/faults/recreated-topic.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { openSubscriberWorld, type SubscriberWorld } from '../../support/records/subscribers.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('log-reader');

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

test('partitions that are read concurrently share connections, which close with the reader', async () => {
  const world = await openSubscriberWorld(prefix);
  await world.produceEvents(Array.from({ length: PARTITIONS }, (_, partition) => eventOf(partition, 0)));
  await world.close();
  const before = openSockets();
  const reader = await openLogReader({
    kafkaBrokers: testStack().kafkaBrokers.split(','),
    kafkaTopicPrefix: prefix,
  });
  const ranges = await reader.ranges(EVENTS);
  const counts = await Promise.all(
    ranges.map(async ({ low, high }, partition) => {
      let count = 0;
      for await (const records of reader.read(EVENTS, partition, low, high)) count += records.length;
      return count;
    }),
  );
  expect(counts).toEqual(Array(PARTITIONS).fill(1));
  await reader.close();
  await until(() => openSockets() <= before, { what: 'the connections being closed' });
});

const open = (): Promise<LogReader> =>
  openLogReader({ kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: prefix });

/** Produces this many more outcomes in partition 0, and returns its end. */
async function produce(world: SubscriberWorld, count: number): Promise<number> {
  await world.produceEvents(Array.from({ length: count }, (_, n) => eventOf(0, n)));
  return Number((await world.admin.endOffsets(EVENTS)).get(0)!.high);
}

async function readAll(reader: LogReader, from: number, to: number): Promise<void> {
  for await (const records of reader.read(EVENTS, 0, from, to)) expect(records.length).toBeGreaterThan(0);
}

test('records that are truncated between two queries are an error, at either end of the log', async () => {
  const world = await openSubscriberWorld(prefix);
  const reader = await open();
  const { low } = (await reader.ranges(EVENTS))[0]!;
  const end = await produce(world, 3);
  await readAll(reader, low, end);
  await world.admin.deleteRecords(EVENTS, new Map([[0, BigInt(end)]]));
  await expect(readAll(reader, low, end)).rejects.toThrow(
    /has no offset \d+ any more: it was truncated during/,
  );
  await expect(readAll(reader, end, end + 2)).rejects.toThrow(
    `ends at ${end}, before ${end + 2}: it was truncated`,
  );
  await reader.close();
  await world.close();
});

test('a topic that is recreated during a read is an error, whether longer or shorter than before', async () => {
  const world = await openSubscriberWorld(prefix);
  for (const count of [0, 9]) {
    const reader = await open();
    await reader.ranges(EVENTS);
    await produce(world, 4);
    await makeAnew(prefix, EVENTS, world.admin);
    if (count > 0) await until(() => produce(world, count), { what: 'records of the new topic' });
    await expect(readAll(reader, 0, 4)).rejects.toThrow(/recreated during the read; run the command again/);
    await reader.close();
  }
  await world.close();
}, 60_000);

test('a position outside the log gives one sentence and exit code 1', async () => {
  const { kafkaBrokers, schemaRegistryUrl } = testStack();
  const env = {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: prefix,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
  };
  const { code, stdout, stderr } = await orderstream({ name: 'test', env }, [
    'peek',
    EVENTS,
    '--partition',
    '0',
    '--offset',
    '900',
  ]);
  expect([code, stdout, stderr]).toEqual([
    1,
    '',
    expect.stringMatching(/^orderstream: partition 0 (is empty|holds the offsets \d+ to \d+)\n$/),
  ]);
}, 60_000);

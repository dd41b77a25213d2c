/** The reader of logs that the commands use leaves nothing open: a command that has told everything ends. */
import { expect, test } from 'vitest';
import { openLogReader } from '../../cli/kafka/log-reader.ts';
import { eventOf } from '../../services/notification/testing/events.ts';
import { EVENTS, PARTITIONS } from '../../topics/index.ts';
import { testStack, until, useTopicPrefix } from '../support/stack.ts';
import { openSubscriberWorld } from '../support/subscribers.ts';

const prefix = useTopicPrefix('log-reader');

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

test('partitions that are read side by side share connections, and close with the reader', async () => {
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

/** A topic is missing. The commands that read lanes name it. */
import { expect, test } from 'vitest';
import { EVENTS } from '../../topics/index.ts';
import { orderstream } from '../support/arena/processes/operator.ts';
import { useArena } from '../support/arena/use-arena.ts';
import { kafkaClient, testStack } from '../support/servers/stack.ts';

const used = useArena('missing-topic');

test.each([[['lag']], [['recover', 'status']]])('%j names the missing topic', async (args) => {
  const { arena } = used();
  const admin = kafkaClient(testStack().kafkaBrokers).admin();
  await admin.connect();
  const name = `${arena.env['KAFKA_TOPIC_PREFIX']}${EVENTS}`;
  if ((await admin.listTopics()).includes(name)) await admin.deleteTopics({ topics: [name] });
  await admin.disconnect();
  const { code, stderr } = await orderstream(arena, ...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`the topic ${EVENTS} is missing`)]);
});

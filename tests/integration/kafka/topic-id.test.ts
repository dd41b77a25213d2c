import { expect, test } from 'vitest';
import { createAdmin, createTopicWatch, fetchTopicId } from '../../../services/shared/kafka/index.ts';
import { testSettings } from '../../support/records/kafka.ts';
import { kafkaClient, testStack, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('topic-id');
const topic = { name: 'orders', partitions: 1, replicationFactor: 1 };

test('a topic keeps its id until it is deleted and recreated', async () => {
  const settings = testSettings(prefix);
  const admin = createAdmin(settings);
  const plain = kafkaClient(testStack().kafkaBrokers).admin();
  await admin.createTopics([topic]);
  const id = await fetchTopicId(settings, topic.name);
  expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(await fetchTopicId(settings, topic.name)).toBe(id);
  await plain.connect();
  await plain.deleteTopics({ topics: [prefix + topic.name] });
  await expect.poll(() => admin.createTopics([topic]).catch(() => []), { timeout: 20_000 }).toHaveLength(1);
  expect(await fetchTopicId(settings, topic.name)).not.toBe(id);
  await expect(fetchTopicId(settings, 'another')).rejects.toThrow('error 3');
  await Promise.all([plain.disconnect(), admin.close()]);
});

test('a watched topic has an id and the leader epoch of each partition; a missing topic is null', async () => {
  const settings = testSettings(prefix);
  const admin = createAdmin(settings);
  const watched = { name: 'watched', partitions: 3, replicationFactor: 1 };
  const watch = createTopicWatch(settings, watched.name);
  const nowhere = createTopicWatch({ ...settings, brokers: ['127.0.0.1:1'] }, watched.name);
  try {
    expect(await watch.look()).toBeNull();
    await admin.createTopics([watched]);
    await expect.poll(async () => (await watch.look())?.leaderEpochs.size, { timeout: 10_000 }).toBe(3);
    const state = await watch.look();
    expect(state?.topicId).toBe(await fetchTopicId(settings, watched.name));
    expect([...state!.leaderEpochs].toSorted(([a], [b]) => a - b)).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    await expect(nowhere.look()).rejects.toThrow();
  } finally {
    watch.close();
    nowhere.close();
    await admin.close();
  }
});

import { expect, test } from 'vitest';
import { createAdmin, fetchTopicId } from '../../services/shared/kafka/index.ts';
import { testSettings } from '../support/kafka.ts';
import { kafkaClient, testStack, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('topic-id');
const topic = { name: 'orders', partitions: 1, replicationFactor: 1 };

test('a topic keeps its id until it is deleted and made again', async () => {
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

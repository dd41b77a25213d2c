import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdmin, createKafkaConfig, type KafkaAdmin } from '../../../services/shared/kafka/index.ts';
import {
  applyTopics,
  COMMANDS,
  changesOf,
  EVENTS,
  planCluster,
  refusedOf,
  topicCatalogue,
} from '../../../topics/index.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const topicPrefix = useTopicPrefix('topics');
const options = { replicationFactor: 1 };
let admin: KafkaAdmin;

beforeAll(() => {
  const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix };
  admin = createAdmin(createKafkaConfig(config, 'topics-test'));
});

afterAll(async () => {
  await admin.close();
});

/** The controller may answer before the broker that describes the topic has it. */
async function untilConfig(topic: string, key: string, value: string): Promise<void> {
  await until(async () => (await admin.describeTopics([topic]))[0]?.configs[key] === value, {
    what: `${topic} with ${key}=${value}`,
  });
}

describe('an empty cluster', () => {
  it('gets every topic of the catalogue, and then nothing more', { timeout: 30_000 }, async () => {
    const plan = await planCluster(admin, options);
    expect(plan.map(({ action }) => action)).toEqual(topicCatalogue.map(() => 'create'));
    expect(await applyTopics(admin, plan)).toHaveLength(topicCatalogue.length);
    expect(changesOf(await planCluster(admin, options))).toEqual([]);
    const topics = await admin.describeTopics([COMMANDS, EVENTS]);
    expect(topics).toMatchObject([
      { partitions: 12, configs: { 'retention.ms': '604800000', 'compression.type': 'uncompressed' } },
      { partitions: 12, configs: { 'retention.ms': '2592000000', 'cleanup.policy': 'delete' } },
    ]);
  });

  it('is corrected if a setting was too low, and keeps other settings', async () => {
    await admin.alterTopicConfigs(COMMANDS, { 'retention.ms': '60000', 'segment.bytes': '1048576' });
    await untilConfig(COMMANDS, 'retention.ms', '60000');
    const plan = await planCluster(admin, options);
    expect(changesOf(plan)).toMatchObject([
      { topic: COMMANDS, action: 'alterConfig', configs: { 'retention.ms': '604800000' } },
    ]);
    await applyTopics(admin, plan);
    await untilConfig(COMMANDS, 'retention.ms', '604800000');
    const [topic] = await admin.describeTopics([COMMANDS]);
    expect(topic?.configs).toMatchObject({ 'retention.ms': '604800000', 'segment.bytes': '1048576' });
    expect(changesOf(await planCluster(admin, options))).toEqual([]);
  });

  it('refuses to lower a retention that somebody raised', async () => {
    await admin.alterTopicConfigs(EVENTS, { 'retention.ms': '-1' });
    await untilConfig(EVENTS, 'retention.ms', '-1');
    const plan = await planCluster(admin, options);
    expect(refusedOf(plan)).toMatchObject([{ topic: EVENTS }]);
    await expect(applyTopics(admin, plan)).rejects.toMatchObject({ code: 'TOPICS_REFUSED' });
    const [topic] = await admin.describeTopics([EVENTS]);
    expect(topic?.configs['retention.ms']).toBe('-1');
  });
});

describe('a cluster with other partitions', () => {
  const otherPrefix = useTopicPrefix('topics-other');

  it('gets the topics that it lacks, and the error names the refused one', async () => {
    const config = { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: otherPrefix };
    const other = createAdmin(createKafkaConfig(config, 'topics-test'));
    try {
      await other.createTopics([{ name: EVENTS, partitions: 6, replicationFactor: 1 }]);
      const plan = await planCluster(other, options);
      await expect(applyTopics(other, plan)).rejects.toThrow('6 partitions');
      expect(await other.describeTopics([COMMANDS])).toMatchObject([{ partitions: 12 }]);
    } finally {
      await other.close();
    }
  });
});

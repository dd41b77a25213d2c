/** Topics lose their records. They are deleted and recreated, empty or with their first records only. */
import {
  createAccumulator,
  createAdmin,
  createKafkaConfig,
  type InRecord,
  type KafkaAdmin,
  type OutMessage,
  readCommittedRange,
} from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { applyTopics, planTopics, topicCatalogue } from '../../../topics/index.ts';
import { deleteTopics } from '../servers/leftovers.ts';
import { until } from '../until.ts';
import type { Arena } from './arena.ts';

/** Deletes the topic and recreates it with the first `keep` records of each partition; none by default. */
export async function makeAnew(
  arena: Arena,
  topic: string,
  keep: (records: number) => number = () => 0,
): Promise<void> {
  const kept = await firstRecords(arena, topic, keep);
  const { kafkaBrokers, topicPrefix } = arena.options;
  await deleteTopics(kafkaBrokers, `${topicPrefix}${topic}`);
  await until(() => withAdmin(arena, async (admin) => (await admin.describeTopics([topic])).length === 0), {
    what: `${topic} being gone`,
  });
  await withAdmin(arena, async (admin) => {
    const there = await admin.describeTopics(topicCatalogue.map(({ name }) => name));
    await applyTopics(
      admin,
      planTopics(topicCatalogue, there, { replicationFactor: arena.options.replicationFactor ?? 1 }),
    );
    await until(() => admin.endOffsets(topic), { what: `every leader of ${topic} being known` });
  });
  await produceAll(arena, topic, kept);
}

/** Every record of the topic, by partition. */
export async function readTopic(arena: Arena, topic: string): Promise<Map<number, InRecord[]>> {
  const ends = await withAdmin(arena, (admin) => admin.endOffsets(topic));
  const records = new Map<number, InRecord[]>();
  for (const [partition, { low, high }] of ends) {
    const range = { topic, partition, from: low, to: high, log: arena.log, settings: settingsOf(arena) };
    records.set(partition, await readCommittedRange(range));
  }
  return records;
}

async function firstRecords(
  arena: Arena,
  topic: string,
  keep: (records: number) => number,
): Promise<InRecord[][]> {
  const all = [...(await readTopic(arena, topic)).values()];
  return all.map((records) => records.slice(0, keep(records.length)));
}

async function produceAll(arena: Arena, topic: string, kept: readonly InRecord[][]): Promise<void> {
  const settings = settingsOf(arena);
  const accumulator = await createAccumulator({
    settings,
    log: arena.log,
    metrics: noMetrics,
    topics: [topic],
  });
  for (const records of kept) {
    if (records.length > 0) await accumulator.sendBatch(records.map(messageOf), { forever: true });
  }
  await accumulator.close(2_000);
}

function messageOf({ topic, partition, key, value, headers, timestampMs }: InRecord): OutMessage {
  return { topic, partition, key, value, headers: headers as OutMessage['headers'], timestampMs };
}

/**
 * Uses a new admin client each time. The client of kafkajs fails if any topic that it ever queried is
 * missing.
 */
async function withAdmin<T>(arena: Arena, work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = createAdmin(settingsOf(arena));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

function settingsOf({ options: { kafkaBrokers, topicPrefix } }: Arena) {
  return createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'surgeon',
  );
}

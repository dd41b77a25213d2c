import {
  createKafkaConfig,
  createPartitionReader,
  type InRecord,
} from '../../../../services/shared/kafka/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';

/** Calls `onRecord` for every record that the topic has now, in order within each partition. Resolves after the last one. */
export async function readWholeTopic(
  arena: Arena,
  topic: string,
  onRecord: (record: InRecord) => void,
): Promise<void> {
  const { kafkaBrokers, topicPrefix } = arena.options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'whole-topic',
  );
  const ends = await arena.admin.endOffsets(topic);
  const wanted = new Map(
    [...ends].filter(([, { low, high }]) => high > low).map(([p, { high }]) => [p, high]),
  );
  const reader = createPartitionReader({
    settings,
    topics: [topic],
    from: 'earliest',
    log: arena.log,
    onRecords(_topic, partition, records) {
      for (const record of records) {
        onRecord(record);
        if (record.offset + 1n >= wanted.get(partition)!) wanted.delete(partition);
      }
    },
  });
  await reader.start();
  await until(() => wanted.size === 0, { what: `${topic} being read to its end` });
  await reader.stop();
}

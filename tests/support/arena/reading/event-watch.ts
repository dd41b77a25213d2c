import { createHash } from 'node:crypto';
import { createKafkaConfig, createPartitionReader } from '../../../../services/shared/kafka/index.ts';
import { EVENTS } from '../../../../topics/index.ts';
import type { Arena } from '../arena.ts';

export interface EventWatch {
  /** Copies beyond the first so far, by partition. */
  repeats(): ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

/** Counts repeated outcomes as they appear. Keeps only a digest of each outcome. */
export async function watchEvents(arena: Arena): Promise<EventWatch> {
  const { kafkaBrokers, topicPrefix } = arena.options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'event-watch',
  );
  const seen = new Set<string>();
  const repeats = new Map<number, number>();
  const reader = createPartitionReader({
    settings,
    topics: [EVENTS],
    from: 'earliest',
    log: arena.log,
    onRecords(_topic, partition, records) {
      for (const { headers, value } of records) {
        const digest = createHash('md5').update(`${headers['ce_id']}`).update(value!).digest('base64');
        if (seen.has(digest)) repeats.set(partition, (repeats.get(partition) ?? 0) + 1);
        else seen.add(digest);
      }
    },
  });
  await reader.start();
  return { repeats: () => new Map(repeats), stop: () => reader.stop() };
}

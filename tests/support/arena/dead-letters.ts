import { createKafkaConfig, createPartitionReader } from '../../../services/shared/kafka/index.ts';
import { DEAD_LETTERS } from '../../../topics/index.ts';
import { until } from '../until.ts';
import type { Arena } from './arena.ts';

/** A record as it was sent, or as the dead-letter topic gave it back (without the headers that the worker adds). */
export interface DeadLetter {
  readonly what?: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | undefined>>;
}

/** Source position → what the dead-letter topic holds of it. Throws when one is there twice with different bytes. */
export async function readDeadLetters(arena: Arena): Promise<Map<string, DeadLetter>> {
  const { kafkaBrokers, topicPrefix } = arena.options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'dead-letters',
  );
  const ends = await arena.admin.endOffsets(DEAD_LETTERS);
  const wanted = new Map(
    [...ends].filter(([, { low, high }]) => high > low).map(([p, { high }]) => [p, high]),
  );
  const found = new Map<string, DeadLetter>();
  const reader = createPartitionReader({
    settings,
    topics: [DEAD_LETTERS],
    from: 'earliest',
    log: arena.log,
    onRecords(_topic, partition, records) {
      for (const { key, value, headers, offset } of records) {
        const position = `${headers['dlq_partition']}-${headers['dlq_offset']}`;
        const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('dlq_')));
        const before = found.get(position);
        if (before !== undefined && Buffer.compare(before.value ?? Buffer.of(), value ?? Buffer.of()) !== 0) {
          throw new Error(`dead letters of ${position} differ`);
        }
        found.set(position, { key, value, headers: own });
        if (offset + 1n >= wanted.get(partition)!) wanted.delete(partition);
      }
    },
  });
  await reader.start();
  await until(() => wanted.size === 0, { what: 'the dead-letter topic being read to its end' });
  await reader.stop();
  return found;
}

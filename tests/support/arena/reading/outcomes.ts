import type { OrderEvent } from '../../../../schemas/generated/types.ts';
import { createKafkaConfig, createPartitionReader } from '../../../../services/shared/kafka/index.ts';
import { EVENTS } from '../../../../topics/index.ts';
import { until } from '../../until.ts';
import type { Arena } from '../arena.ts';

/** Source position → the first copy of its outcome, in the order of the result topic within each partition. */
export async function readOutcomes(arena: Arena): Promise<Map<string, OrderEvent>> {
  const { kafkaBrokers, topicPrefix } = arena.options;
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: topicPrefix },
    'outcomes',
  );
  const ends = await arena.admin.endOffsets(EVENTS);
  const wanted = new Map(
    [...ends].filter(([, { low, high }]) => high > low).map(([p, { high }]) => [p, high]),
  );
  const outcomes = new Map<string, OrderEvent>();
  const reader = createPartitionReader({
    settings,
    topics: [EVENTS],
    from: 'earliest',
    log: arena.log,
    onRecords(_topic, partition, records) {
      for (const { value, offset } of records) {
        const event = arena.codecs.events.decode(value);
        if (!outcomes.has(event.eventId)) outcomes.set(event.eventId, event);
        if (offset + 1n >= wanted.get(partition)!) wanted.delete(partition);
      }
    },
  });
  await reader.start();
  await until(() => wanted.size === 0, { what: 'the result topic being read to its end' });
  await reader.stop();
  return outcomes;
}

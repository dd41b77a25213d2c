import type { Group } from 'kafkajs/src/consumer/consumerGroup.js';
import { errorMessage } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { saysNotOwner } from '../kafkajs/kafka-errors.ts';
import type { TopicPartition, TopicPartitionOffset } from '../types.ts';
import { kafkaUnavailable } from '../unavailable.ts';

/** Kafka's value for "nothing committed". A lower value is a sentinel that a client committed by mistake. */
const nothingCommitted = -1n;

/**
 * Commits once, without kafkajs's consumer, which would retry a refusal 20 times. Throws KAFKA_UNAVAILABLE for
 * every error that is not a refusal. The next commit of the caller's timer is the retry.
 */
export async function commitOffsets(
  group: Group,
  offsets: readonly TopicPartitionOffset[],
): Promise<'committed' | 'notOwner'> {
  if (offsets.length === 0) return 'committed';
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition, offset, note = null }) => ({
      partition,
      offset: String(offset),
      metadata: note,
    })),
  }));
  try {
    await group.commitOffsets({ topics });
    return 'committed';
  } catch (error) {
    if (saysNotOwner(error)) return 'notOwner';
    throw kafkaUnavailable(error, 'commit');
  }
}

/**
 * Checks once after a join whether the group committed negative offsets. A client with kafkajs may have
 * committed a sentinel. Never throws.
 */
export async function alarmOnNegativeOffsets(
  group: Group,
  groupId: string,
  assigned: readonly TopicPartition[],
  deps: { log: Logger; onAlarm: () => void },
): Promise<void> {
  if (assigned.length === 0 || group.coordinator === null) return;
  const byTopic = Map.groupBy(assigned, ({ topic }) => topic);
  const topics = [...byTopic].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition }) => ({ partition })),
  }));
  try {
    const { responses } = await group.coordinator.offsetFetch({ groupId, topics });
    for (const { topic, partitions } of responses) {
      for (const { partition, offset } of partitions) {
        if (BigInt(offset) >= nothingCommitted) continue;
        deps.onAlarm();
        deps.log.error({ topic, partition, offset }, 'the committed offset of the group is invalid');
      }
    }
  } catch (error) {
    // This is only a check. Heartbeats and commits report problems of the coordinator.
    deps.log.debug({ reason: errorMessage(error) }, 'the consumer cannot check the committed offsets');
  }
}

/** Reads and sets the offsets of a consumer group from outside the group. */
import type { Admin } from 'kafkajs';
import { backoff, retry as untilDone } from '../../retry/index.ts';
import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster } from '../kafkajs/cluster.ts';
import { saysNoCoordinatorYet } from '../kafkajs/kafka-errors.ts';
import type { KafkaSettings } from '../settings.ts';

const connectRetries = 5;
/**
 * A new cluster creates the coordinators' topic at the first request of a group. kafkajs does not retry most
 * errors until then.
 */
const coordinatorPatience = {
  attempts: 10,
  backoff: backoff({ initialMs: 100, maxMs: 1_000 }),
  shouldRetry: saysNoCoordinatorYet,
} as const;

/** The next offset that a group committed, per partition; null if it has none. Names include the prefix. */
export async function groupOffsets(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<Map<number, bigint | null>> {
  const partitions = await fetchOffsets(admin, groupId, topic);
  return new Map(
    partitions.map(({ partition, offset }) => [partition, BigInt(offset) < 0n ? null : BigInt(offset)]),
  );
}

/** Offsets with their notes, for the partitions that have an offset. */
export async function groupPositions(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<Map<number, { offset: bigint; note: string }>> {
  const partitions = await fetchOffsets(admin, groupId, topic);
  return new Map(
    partitions
      .filter(({ offset }) => BigInt(offset) >= 0n)
      .map(({ partition, offset, metadata }) => [
        partition,
        { offset: BigInt(offset), note: metadata ?? '' },
      ]),
  );
}

async function fetchOffsets(admin: Admin, groupId: string, topic: string) {
  const [answer] = await untilDone(
    () => admin.fetchOffsets({ groupId, topics: [topic] }),
    coordinatorPatience,
  );
  return answer?.partitions ?? [];
}

/**
 * Commits as a client outside the group. Brokers allow this while the group is empty. kafkajs would join as a
 * member, which takes seconds.
 */
export async function setGroupOffsets(
  settings: KafkaSettings,
  groupId: string,
  topic: string,
  offsets: ReadonlyMap<number, bigint>,
): Promise<void> {
  const cluster = createCluster(settings, { log: silentLogger(), retries: connectRetries });
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const topics = [{ topic, partitions: toSeeks(offsets) }];
    await untilDone(async () => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await coordinator.offsetCommit({ groupId, memberId: '', groupGenerationId: -1, topics });
    }, coordinatorPatience);
  } finally {
    forceCloseCluster(cluster);
  }
}

/** Offsets in the form that kafkajs expects. */
export function toSeeks(offsets: ReadonlyMap<number, bigint>): { partition: number; offset: string }[] {
  return [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
}

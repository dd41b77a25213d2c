/** Offsets of a consumer group, read and set from outside of it. */
import type { Admin } from 'kafkajs';
import { backoff, retry as untilDone } from '../../retry/index.ts';
import { silentLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster } from '../kafkajs/cluster.ts';
import { saysNoCoordinatorYet } from '../kafkajs/kafka-errors.ts';
import type { KafkaSettings } from '../settings.ts';

const connectRetries = 5;
/** A new cluster makes the topic of its coordinators when the first group asks; kafkajs gives up on most of what it says meanwhile. */
const coordinatorPatience = {
  attempts: 10,
  backoff: backoff({ initialMs: 100, maxMs: 1_000 }),
  shouldRetry: saysNoCoordinatorYet,
} as const;

/** Next offsets that a group committed, null where it has none. Names are those on the wire. */
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

/** Offsets with the notes beside them, of the partitions that have one. */
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

/** As a client outside of the group, which brokers allow while it is empty; kafkajs joins as a member instead and takes seconds. */
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

/** Offsets as kafkajs takes them. */
export function toSeeks(offsets: ReadonlyMap<number, bigint>): { partition: number; offset: string }[] {
  return [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
}

import protocol from 'kafkajs/src/consumer/assignerProtocol.js';
import type { KafkaCluster } from '../kafkajs/library-types.ts';
import type { TopicPartition } from '../types.ts';

/**
 * Members agree on an assigner by name. A changed algorithm needs a new name, or two versions of a service
 * conflict.
 */
const assignerName = 'orderstream-sticky';
const assignerVersion = 0;

/** The partitions that a member claims to own, and the group generation that assigned them. */
export interface Ownership {
  owned: readonly TopicPartition[];
  generation: number;
}

export interface Member extends Ownership {
  id: string;
}

/**
 * Assigns partitions to members. Each member keeps its partitions while the shares differ by at most one. So a
 * join or a leave moves as few partitions as possible. If two members claim a partition, the newer generation
 * wins, because the older member missed a generation. The result is deterministic. A member without a claim
 * counts as new.
 */
export function assignSticky(
  members: readonly Member[],
  partitions: readonly TopicPartition[],
): Map<string, TopicPartition[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shares = new Map<string, TopicPartition[]>(sorted.map(({ id }) => [id, []]));
  if (sorted.length === 0) return shares;
  const holders = holdersOf(sorted);
  for (const partition of partitions) {
    const holder = holders.get(keyOf(partition))?.id;
    if (holder !== undefined) shares.get(holder)!.push(partition);
  }
  trimToQuota(shares.values(), shares.size, partitions.length);
  const placed = new Set([...shares.values()].flat().map(keyOf));
  for (const partition of partitions) {
    if (!placed.has(keyOf(partition))) smallest(shares).push(partition);
  }
  return shares;
}

function holdersOf(members: readonly Member[]): Map<string, Member> {
  const holders = new Map<string, Member>();
  for (const member of members) {
    for (const partition of member.owned) {
      const key = keyOf(partition);
      const rival = holders.get(key);
      if (rival === undefined || member.generation > rival.generation) holders.set(key, member);
    }
  }
  return holders;
}

/**
 * Removes the partitions above a fair share. The choice of the members that keep one more does not change the
 * number of moves.
 */
function trimToQuota(shares: Iterable<TopicPartition[]>, memberCount: number, partitionCount: number): void {
  const fair = Math.floor(partitionCount / memberCount);
  let mayHoldOneMore = partitionCount % memberCount;
  for (const share of shares) {
    if (share.length > fair && mayHoldOneMore > 0) {
      mayHoldOneMore--;
      share.splice(fair + 1);
    } else share.splice(fair);
  }
}

function smallest(shares: ReadonlyMap<string, TopicPartition[]>): TopicPartition[] {
  let best: TopicPartition[] | null = null;
  for (const share of shares.values()) if (best === null || share.length < best.length) best = share;
  return best!;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * The assigner for kafkajs's `assigners`. At each join it calls `ownership` for the partitions of this member.
 * Topic names include the prefix.
 */
export function createStickyAssigner(cluster: KafkaCluster, ownership: () => Ownership): unknown {
  return {
    name: assignerName,
    version: assignerVersion,
    protocol({ topics }: { topics: string[] }) {
      const userData = encodeOwnership(ownership());
      const metadata = protocol.MemberMetadata.encode({ version: assignerVersion, topics, userData });
      return { name: assignerName, metadata };
    },
    async assign(group: { members: { memberId: string; memberMetadata: Buffer }[]; topics: string[] }) {
      const members = group.members.map(({ memberId, memberMetadata }) => ({
        id: memberId,
        ...decodeOwnership(protocol.MemberMetadata.decode(memberMetadata)?.userData),
      }));
      const partitions = group.topics.flatMap((topic) =>
        cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      partitions.sort((a, b) =>
        a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
      );
      return [...assignSticky(members, partitions)].map(([memberId, share]) => ({
        memberId,
        memberAssignment: protocol.MemberAssignment.encode({
          version: assignerVersion,
          assignment: byTopic(share),
        }),
      }));
    },
  };
}

export function encodeOwnership({ owned, generation }: Ownership): Buffer {
  return Buffer.from(JSON.stringify({ generation, owned: byTopic(owned) }));
}

/** The data may come from another client. Unreadable data counts as an empty claim. */
export function decodeOwnership(userData: Buffer | null | undefined): Ownership {
  const nothing: Ownership = { owned: [], generation: -1 };
  if (userData === null || userData === undefined || userData.length === 0) return nothing;
  try {
    const { generation, owned } = JSON.parse(userData.toString('utf8')) as Record<string, unknown>;
    if (!Number.isSafeInteger(generation) || typeof owned !== 'object' || owned === null) return nothing;
    return { generation: generation as number, owned: flatten(owned as Record<string, unknown>) };
  } catch {
    // The data comes from another client. A member without a claim counts as new.
    return nothing;
  }
}

function flatten(byTopicName: Record<string, unknown>): TopicPartition[] {
  return Object.entries(byTopicName).flatMap(([topic, partitions]) =>
    Array.isArray(partitions)
      ? partitions.filter(Number.isSafeInteger).map((partition: number) => ({ topic, partition }))
      : [],
  );
}

function byTopic(partitions: readonly TopicPartition[]): Record<string, number[]> {
  const grouped: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) {
    grouped[topic] ??= [];
    grouped[topic].push(partition);
  }
  return grouped;
}

/** How far consumer groups are behind their logs, in records and in seconds. */
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS } from '../../topics/index.ts';
import type { KafkaAdmin } from '../shared/kafka/index.ts';
import type { RecordTimes } from './record-times.ts';

export interface GroupStanding {
  group: string;
  topic: string;
  partition: number;
  /** The next offset of the group. Null if it has committed none. */
  committed: number | null;
  low: number;
  end: number;
  /** Number of records left to read. For a group without an offset, all existing records. */
  lag: number;
  /** Timestamp of the next record that the group has to read, epoch ms; null if there is none. */
  oldestAtMs: number | null;
}

/** A group with the topics for which it commits offsets. */
export interface Following {
  readonly group: string;
  readonly topics: readonly string[];
}

/** The groups of this product, as in the catalogue. */
const ownGroups: readonly Following[] = [
  { group: GROUPS.worker, topics: [COMMANDS] },
  { group: GROUPS.notification, topics: [EVENTS] },
  { group: GROUPS.reconciliation, topics: [COMMANDS, EVENTS, DEAD_LETTERS] },
  { group: GROUPS.projector, topics: [EVENTS] },
];

export interface GroupDeps {
  readonly admin: Pick<KafkaAdmin, 'endOffsets' | 'groupOffsets'>;
  readonly times: RecordTimes;
}

/**
 * Each partition of each topic for which a group has an offset. The offsets are read before the ends of the logs, so
 * no group is ahead. Throws KAFKA_UNAVAILABLE.
 */
export async function groupStandings(
  { admin, times }: GroupDeps,
  groups: readonly Following[] = ownGroups,
): Promise<GroupStanding[]> {
  // One call after the other: a call that fails replaces the client, and kafkajs may never end the others.
  const committed: { group: string; topic: string; offsets: Map<number, bigint | null> }[] = [];
  for (const { group, topics } of groups)
    for (const topic of topics) {
      committed.push({ group, topic, offsets: await admin.groupOffsets(group, topic) });
    }
  const followed = committed.filter(({ offsets }) => [...offsets.values()].some((offset) => offset !== null));
  const ends = new Map<string, Map<number, { low: bigint; high: bigint }>>();
  for (const topic of new Set(followed.map((one) => one.topic)))
    ends.set(topic, await admin.endOffsets(topic));
  const standings = followed.flatMap(({ group, topic, offsets }) =>
    standingsOf(group, topic, ends.get(topic)!, offsets),
  );
  const behind = standings.filter(({ lag }) => lag > 0);
  const found = await times.at(
    behind.map(({ topic, partition, end, lag }) => ({ topic, partition, offset: BigInt(end - lag) })),
  );
  for (const [index, standing] of behind.entries()) standing.oldestAtMs = found[index]!;
  return standings;
}

function standingsOf(
  group: string,
  topic: string,
  ends: ReadonlyMap<number, { low: bigint; high: bigint }>,
  committed: ReadonlyMap<number, bigint | null>,
): GroupStanding[] {
  return [...ends]
    .toSorted(([a], [b]) => a - b)
    .map(([partition, { low, high }]) => {
      const offset = committed.get(partition) ?? null;
      const from = offset === null || offset < low ? low : offset;
      return {
        ...{ group, topic, partition },
        committed: offset === null ? null : Number(offset),
        low: Number(low),
        end: Number(high),
        lag: Math.max(0, Number(high - from)),
        oldestAtMs: null,
      };
    });
}

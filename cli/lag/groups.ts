/** Measures how far consumer groups are behind their logs. */
import type { KafkaAdmin } from '../../services/shared/kafka/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, topicCatalogue } from '../../topics/catalogue.ts';

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
}

/** The topics for which the groups of this product commit offsets. */
const followed: readonly { group: string; topics: readonly string[] }[] = [
  { group: GROUPS.worker, topics: [COMMANDS] },
  { group: GROUPS.notification, topics: [EVENTS] },
  { group: GROUPS.reconciliation, topics: [COMMANDS, EVENTS, DEAD_LETTERS] },
  { group: GROUPS.projector, topics: [EVENTS] },
];

/** The groups of this product on their topics, or one group on every topic for which it has an offset. */
export async function groupStandings(
  admin: Pick<KafkaAdmin, 'endOffsets' | 'groupOffsets'>,
  group?: string,
): Promise<GroupStanding[]> {
  const asked = group === undefined ? followed : [{ group, topics: topicCatalogue.map(({ name }) => name) }];
  const ends = new Map<string, ReadonlyMap<number, { low: bigint; high: bigint }>>();
  const lines: GroupStanding[] = [];
  for (const { group: name, topics } of asked) {
    for (const topic of topics) {
      const ofTopic = ends.get(topic) ?? (await admin.endOffsets(topic));
      ends.set(topic, ofTopic);
      const committed = await admin.groupOffsets(name, topic);
      if ([...committed.values()].every((offset) => offset === null)) continue;
      lines.push(...linesOf(name, topic, ofTopic, committed));
    }
  }
  return lines;
}

function linesOf(
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
        group,
        topic,
        partition,
        committed: offset === null ? null : Number(offset),
        low: Number(low),
        end: Number(high),
        lag: Math.max(0, Number(high - from)),
      };
    });
}

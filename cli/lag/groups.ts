/** How far consumer groups are behind the logs that they follow. */
import type { KafkaAdmin } from '../../services/shared/kafka/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, GROUPS, topicCatalogue } from '../../topics/catalogue.ts';

export interface GroupStanding {
  group: string;
  topic: string;
  partition: number;
  /** Next offset that the group will read; null where it has committed none. */
  committed: number | null;
  low: number;
  end: number;
  /** Records that are still to be read; of a group without an offset, all that are there. */
  lag: number;
}

/** What our own groups commit offsets for. */
const followed: readonly { group: string; topics: readonly string[] }[] = [
  { group: GROUPS.worker, topics: [COMMANDS] },
  { group: GROUPS.notification, topics: [EVENTS] },
  { group: GROUPS.reconciliation, topics: [COMMANDS, EVENTS, DEAD_LETTERS] },
  { group: GROUPS.projector, topics: [EVENTS] },
];

/** Our own groups on what they follow, or one group on every topic that it has an offset for. */
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

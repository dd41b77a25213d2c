/** The timestamps of records at known offsets. They are read from the logs, and never guessed from neighbours. */
import type { LogProbe, TopicPartitionOffset } from '../shared/kafka/index.ts';

export interface RecordTimes {
  /**
   * The timestamps of the records at these offsets in their order, epoch ms. Null where the log has no record. Throws
   * KAFKA_UNAVAILABLE.
   */
  at(places: readonly TopicPartitionOffset[]): Promise<(number | null)[]>;
}

interface KnownTime {
  readonly atMs: number;
  readonly readMs: number;
}

/** A reader that stands still is looked up once in this time. A recreated topic has other records after it. */
const keptMs = 60_000;

/** @param monotonicMs the clock that ends the validity of known times */
export function createRecordTimes(
  probe: Pick<LogProbe, 'recordsAt'>,
  monotonicMs: () => number = () => performance.now(),
): RecordTimes {
  const known = new Map<string, KnownTime>();
  return {
    async at(places) {
      const readMs = monotonicMs();
      for (const [key, time] of known) if (readMs - time.readMs > keptMs) known.delete(key);
      const missing = new Map(
        places.filter((place) => !known.has(keyOf(place))).map((place) => [keyOf(place), place]),
      );
      for (const round of roundsOf([...missing.values()])) {
        const records = await probe.recordsAt(round);
        for (const [index, record] of records.entries())
          if (record !== null) known.set(keyOf(round[index]!), { atMs: record.timestampMs, readMs });
      }
      return places.map((place) => known.get(keyOf(place))?.atMs ?? null);
    },
  };
}

/** A Fetch request has each partition once. So the offsets of one partition are in different rounds. */
function roundsOf(places: readonly TopicPartitionOffset[]): TopicPartitionOffset[][] {
  const rounds: TopicPartitionOffset[][] = [];
  const taken = new Map<string, number>();
  for (const place of places) {
    const partition = `${place.topic}/${place.partition}`;
    const round = taken.get(partition) ?? 0;
    taken.set(partition, round + 1);
    rounds[round] = [...(rounds[round] ?? []), place];
  }
  return rounds;
}

function keyOf({ topic, partition, offset }: TopicPartitionOffset): string {
  return `${topic}/${partition}/${offset}`;
}

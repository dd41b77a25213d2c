/** The newest outcome of each lane, as the result topic holds it: what was told to the world cannot be decided again. */
import { appError } from '../shared/errors/index.ts';
import { createTail, type KafkaAdmin, type KafkaSettings } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';

const deadlineMs = 10_000;

/**
 * Source offset of the last event of each partition, by the id that every event carries; partitions without an event
 * are missing. Throws KAFKA_UNAVAILABLE when the log does not answer in time.
 */
export async function readLastSourceOffsets(
  deps: { settings: KafkaSettings; admin: KafkaAdmin; log: Logger },
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const ends = await deps.admin.endOffsets(topic);
  const from = partitions.flatMap((partition) => {
    const end = ends.get(partition);
    return end !== undefined && end.high > end.low ? [{ topic, partition, offset: end.high - 1n }] : [];
  });
  const found = new Map<number, number>();
  if (from.length === 0) return found;
  const wanted = new Set(from.map(({ partition }) => partition));
  const all = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    all.reject(appError('KAFKA_UNAVAILABLE', { reason: `${topic} was not read within ${deadlineMs} ms` }));
  }, deadlineMs);
  const tail = createTail({
    settings: deps.settings,
    topics: [topic],
    from,
    log: deps.log,
    onRecords(_topic, partition, records) {
      if (!wanted.has(partition) || found.has(partition)) return;
      const offset = sourceOffsetOf(records.at(-1)?.headers.ce_id);
      if (offset !== null) found.set(partition, offset);
      wanted.delete(partition);
      if (wanted.size === 0) all.resolve();
    },
  });
  try {
    await Promise.race([tail.start(), all.promise]);
    await all.promise;
    return found;
  } finally {
    clearTimeout(timer);
    await tail.stop();
  }
}

/** Event ids are `<source partition>-<source offset>`. */
function sourceOffsetOf(id: Buffer | string | undefined): number | null {
  const match = /^\d+-(\d+)$/.exec(id?.toString() ?? '');
  return match === null ? null : Number(match[1]);
}

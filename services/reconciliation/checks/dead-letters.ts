/**
 * (d) Compares the rows of dead_letters and the records of the dead-letter topic in both directions, with their
 * bytes.
 */
import { COMMANDS, DEAD_LETTERS, topicCatalogue } from '../../../topics/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { DeadLetterIndex } from '../following/dead-letter-index.ts';
import { readLanes } from '../following/worker-positions.ts';
import type { Check } from './check.ts';
import type { Pace } from './pace.ts';

/** Maximum number of rows of one query. */
const chunkRows = 2_000;
/** Rows near the topic's retention are skipped, because the brokers may delete their records at any time. */
const retentionMarginMs = 24 * 3_600_000;
const retentionMs = topicCatalogue.find((topic) => topic.name === DEAD_LETTERS)?.retentionMs ?? 0;

export interface DeadLettersDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  index: DeadLetterIndex;
  /** The same function as in the check of outcomes. */
  reached(
    topic: string,
    ends: ReadonlyMap<number, bigint>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
  pace: Pace;
  clock: Clock;
  metrics: Pick<Metrics, 'set'>;
}

interface StoredDeadLetterRow {
  partition_id: number;
  source_offset: number;
  value_sha256: Buffer;
  first_failed_at_ms: number;
}

export function deadLettersCheck(deps: DeadLettersDeps): Check {
  const { mysql, admin, index, reached, clock, metrics } = deps;
  return {
    name: 'deadLetters',
    kinds: ['DEAD_LETTER_UNPUBLISHED', 'DEAD_LETTER_UNRECORDED', 'DEAD_LETTER_DIFFERS'],
    async run(_open, tally, signal) {
      // Read the positions first, then the end of the topic, then the rows. A record below the end already had its
      // row, and a row below published_offset already had its record.
      const published = new Map([...(await readLanes(mysql))].map(([p, lane]) => [p, lane.publishedOffset]));
      const ends = new Map([...(await admin.endOffsets(DEAD_LETTERS))].map(([p, { high }]) => [p, high]));
      const followed = await reached(DEAD_LETTERS, ends, signal);
      const unrecorded = new Set(index.origins());
      const keptSinceMs = clock.nowMs() - retentionMs + retentionMarginMs;
      for await (const row of readRows(deps, signal)) {
        unrecorded.delete(subjectOf(row));
        const mustBeThere =
          followed.has(row.partition_id) &&
          row.source_offset < (published.get(row.partition_id) ?? 0) &&
          row.first_failed_at_ms > keptSinceMs &&
          index.beyond() === 0;
        const difference = compare(row, index.hashOf(row.partition_id, row.source_offset), mustBeThere);
        if (difference !== null) tally.add(difference);
      }
      for (const subject of unrecorded) {
        tally.add({
          kind: 'DEAD_LETTER_UNRECORDED',
          subject,
          expected: 'a row in dead_letters',
          actual: 'none',
        });
      }
      metrics.set('reconciliation_dead_letters_not_compared', index.beyond());
      return {
        unsure({ subject }) {
          const partition = Number(subject.split('-')[0]);
          return index.beyond() > 0 || (ends.has(partition) && !followed.has(partition));
        },
        isPartial: () => followed.size < ends.size || index.beyond() > 0,
      };
    },
  };
}

function compare(
  row: StoredDeadLetterRow,
  hash: string | undefined,
  mustBeThere: boolean,
): Difference | null {
  const expected = row.value_sha256.toString('hex');
  const subject = subjectOf(row);
  if (hash === undefined) {
    if (!mustBeThere) return null;
    return { kind: 'DEAD_LETTER_UNPUBLISHED', subject, expected: 'a record on the topic', actual: 'none' };
  }
  return hash === expected ? null : { kind: 'DEAD_LETTER_DIFFERS', subject, expected, actual: hash };
}

/** Every row of the table, page by page. */
async function* readRows(
  { mysql, pace }: DeadLettersDeps,
  signal: AbortSignal,
): AsyncGenerator<StoredDeadLetterRow> {
  let [partition, offset] = [-1, -1];
  for (;;) {
    const page = await pace.chunk(
      () =>
        mysql.rows<StoredDeadLetterRow>(
          `SELECT partition_id, source_offset, value_sha256, first_failed_at_ms FROM dead_letters
           WHERE topic = ? AND (partition_id > ? OR (partition_id = ? AND source_offset > ?))
           ORDER BY partition_id, source_offset LIMIT ?`,
          [COMMANDS, partition, partition, offset, chunkRows],
        ),
      signal,
    );
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < chunkRows) return;
    [partition, offset] = [last.partition_id, last.source_offset];
  }
}

function subjectOf(row: StoredDeadLetterRow): string {
  return `${row.partition_id}-${row.source_offset}`;
}

/** (d) Rows of dead_letters and records of the dead-letter topic, both ways, bytes included. */
import { COMMANDS, DEAD_LETTERS, topicCatalogue } from '../../../topics/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { DeadLetterIndex } from '../dead-letter-index.ts';
import type { Difference } from '../kinds.ts';
import { readLanes } from '../lanes.ts';
import type { Check } from './check.ts';
import type { Pace } from './pace.ts';

/** Rows of one query, and of one round. */
const chunkRows = 2_000;
const rowsMax = 200_000;
/** Rows near the topic's retention are left alone: their records may be deleted at any moment. */
const retentionMarginMs = 24 * 3_600_000;
const retentionMs = topicCatalogue.find((topic) => topic.name === DEAD_LETTERS)?.retentionMs ?? 0;

export interface DeadLettersDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  index: DeadLetterIndex;
  /** As in the check of outcomes. */
  reached(
    topic: string,
    ends: ReadonlyMap<number, bigint>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<number>>;
  pace: Pace;
  clock: Clock;
}

interface DeadLetterRow {
  partition_id: number;
  source_offset: number;
  value_sha256: Buffer;
  first_failed_at_ms: number;
}

export function deadLettersCheck(deps: DeadLettersDeps): Check {
  const { mysql, admin, index, reached, clock } = deps;
  return {
    name: 'deadLetters',
    kinds: ['DEAD_LETTER_UNPUBLISHED', 'DEAD_LETTER_UNRECORDED', 'DEAD_LETTER_DIFFERS'],
    async run(_open, signal) {
      // Rows first, then the end of the topic: what is on the topic was recorded before, and what lies below
      // published_offset was published before.
      const published = new Map([...(await readLanes(mysql))].map(([p, lane]) => [p, lane.publishedOffset]));
      const ends = new Map([...(await admin.endOffsets(DEAD_LETTERS))].map(([p, { high }]) => [p, high]));
      const followed = await reached(DEAD_LETTERS, ends, signal);
      const origins = index.origins();
      const rows = await readRows(deps, signal);
      const recorded = new Set(rows.map((row) => subjectOf(row)));
      const keptSinceMs = clock.nowMs() - retentionMs + retentionMarginMs;
      const differences: Difference[] = [];
      for (const row of rows) {
        const mustBeThere =
          followed.has(row.partition_id) &&
          row.source_offset < (published.get(row.partition_id) ?? 0) &&
          row.first_failed_at_ms > keptSinceMs &&
          !index.isFull();
        const difference = compare(row, index.hashOf(row.partition_id, row.source_offset), mustBeThere);
        if (difference !== null) differences.push(difference);
      }
      if (rows.length < rowsMax) {
        for (const { partition, offset } of origins) {
          if (!recorded.has(`${partition}-${offset}`)) differences.push(unrecorded(partition, offset));
        }
      }
      return { differences, unsure: () => followed.size === 0 || rows.length >= rowsMax };
    },
  };
}

function compare(row: DeadLetterRow, hash: string | undefined, mustBeThere: boolean): Difference | null {
  const expected = row.value_sha256.toString('hex');
  const subject = subjectOf(row);
  if (hash === undefined) {
    if (!mustBeThere) return null;
    return { kind: 'DEAD_LETTER_UNPUBLISHED', subject, expected: 'a record on the topic', actual: 'none' };
  }
  return hash === expected ? null : { kind: 'DEAD_LETTER_DIFFERS', subject, expected, actual: hash };
}

function unrecorded(partition: number, offset: number): Difference {
  return {
    kind: 'DEAD_LETTER_UNRECORDED',
    subject: `${partition}-${offset}`,
    expected: 'a row in dead_letters',
    actual: 'none',
  };
}

async function readRows({ mysql, pace }: DeadLettersDeps, signal: AbortSignal): Promise<DeadLetterRow[]> {
  const rows: DeadLetterRow[] = [];
  let [partition, offset] = [-1, -1];
  while (rows.length < rowsMax) {
    const chunk = await pace.chunk(
      () =>
        mysql.rows<DeadLetterRow>(
          `SELECT partition_id, source_offset, value_sha256, first_failed_at_ms FROM dead_letters
           WHERE topic = ? AND (partition_id > ? OR (partition_id = ? AND source_offset > ?))
           ORDER BY partition_id, source_offset LIMIT ?`,
          [COMMANDS, partition, partition, offset, chunkRows],
        ),
      signal,
    );
    rows.push(...chunk);
    const last = chunk.at(-1);
    if (last === undefined || chunk.length < chunkRows) break;
    [partition, offset] = [last.partition_id, last.source_offset];
  }
  return rows;
}

function subjectOf(row: DeadLetterRow): string {
  return `${row.partition_id}-${row.source_offset}`;
}

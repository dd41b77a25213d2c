/**
 * (f) Compares positions with each other. It reads values that only grow first, and their upper limits after them.
 * So work in flight never looks like a difference.
 */
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference, FindingKind } from '../findings/finding-kinds.ts';
import { readLanes, type WorkerPosition, type WorkerPositions } from '../following/worker-positions.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';
import type { Check } from './check.ts';

export interface OffsetsDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  ledgers: ReadonlyMap<number, Pick<Ledger, 'outcomesEnd'>>;
  clock: Clock;
  /** How long a lane with commands may make no progress. */
  stallMs: number;
}

export function offsetsCheck({ mysql, admin, ledgers, clock, stallMs }: OffsetsDeps): Check {
  const standing: Standing = new Map();
  let before: WorkerPositions = new Map();
  return {
    name: 'offsets',
    kinds: [
      'OFFSET_AHEAD',
      'PUBLISHED_AHEAD',
      'LOG_SHORT',
      'POSITION_BACK',
      'LANE_STALLED',
      'NOTIFICATION_AHEAD',
    ],
    async run(_open, tally) {
      const outcomes = new Map([...ledgers].map(([partition, ledger]) => [partition, ledger.outcomesEnd()]));
      const notified = await readNotified(mysql);
      const committed = await admin.groupOffsets(GROUPS.worker, COMMANDS);
      const lanes = await readLanes(mysql);
      const ends = await admin.endOffsets(COMMANDS);
      // A lane that no worker ever owned has no row, but commands may wait there.
      for (const partition of new Set([...lanes.keys(), ...ends.keys()])) {
        const end = Number(ends.get(partition)?.high ?? 0n);
        const lane = lanes.get(partition) ?? neverTaken;
        const group = Number(committed.get(partition) ?? 0n);
        const atMost = (kind: FindingKind, what: string, value: number, most: number): void => {
          if (value <= most) return;
          tally.add({
            kind,
            subject: String(partition),
            expected: `at most ${most}`,
            actual: `${what} ${value}`,
          });
        };
        const { nextOffset, publishedOffset } = lane;
        atMost('OFFSET_AHEAD', 'group offset', group, nextOffset);
        atMost('PUBLISHED_AHEAD', 'published_offset', publishedOffset, nextOffset);
        atMost('LOG_SHORT', 'next_offset', nextOffset, end);
        atMost('NOTIFICATION_AHEAD', 'notified up to', (notified.get(partition) ?? -1) + 1, nextOffset);
        // An outcome is published after its decision is committed, so the position must have passed it.
        const least = Math.max(
          before.get(partition)?.nextOffset ?? 0,
          Math.min(outcomes.get(partition) ?? 0, end),
        );
        if (nextOffset < least) tally.add(wentBack(partition, nextOffset, least));
        const answered = Math.max(publishedOffset, Math.min(group, nextOffset));
        const stalledMs = stalledFor(standing, partition, { ...lane, answered, end }, clock.monotonicMs());
        if (stalledMs > stallMs) tally.add(stalled(partition, lane, answered));
      }
      before = lanes;
      return {};
    },
  };
}

const neverTaken: WorkerPosition = { nextOffset: 0, publishedOffset: 0, owner: '', why: null };

function wentBack(partition: number, nextOffset: number, least: number): Difference {
  return {
    kind: 'POSITION_BACK',
    subject: String(partition),
    expected: `at least ${least}`,
    actual: `next_offset ${nextOffset}`,
  };
}

function stalled(
  partition: number,
  { nextOffset, owner, why }: WorkerPosition,
  answered: number,
): Difference {
  const what = answered < nextOffset ? 'a published outcome' : 'a decision';
  return {
    kind: 'LANE_STALLED',
    subject: String(partition),
    expected: `${what} of offset ${answered}`,
    actual:
      (owner === '' ? 'no worker holds the lane' : `no progress by ${owner}`) +
      (why === null ? '' : `: ${why}`),
  };
}

type Standing = Map<number, { nextOffset: number; answered: number; sinceMs: number }>;

/**
 * How long this lane has decided and published nothing although it has commands without a published outcome.
 */
function stalledFor(
  standing: Standing,
  partition: number,
  { nextOffset, answered, end }: { nextOffset: number; answered: number; end: number },
  nowMs: number,
): number {
  const since = standing.get(partition);
  if (answered >= end) {
    standing.delete(partition);
    return 0;
  }
  if (since?.nextOffset !== nextOffset || since.answered !== answered) {
    standing.set(partition, { nextOffset, answered, sinceMs: nowMs });
    return 0;
  }
  return nowMs - since.sinceMs;
}

async function readNotified(mysql: Queryable): Promise<Map<number, number>> {
  const rows = await mysql.rows<{ partition_id: number; last_source_offset: number }>(
    'SELECT partition_id, last_source_offset FROM notification_positions WHERE topic = ?',
    [EVENTS],
  );
  return new Map(rows.map((row) => [row.partition_id, row.last_source_offset]));
}

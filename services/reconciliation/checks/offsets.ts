/**
 * (f) Positions against each other. What can only grow is read first, and what it must stay below after it, so that
 * nothing in flight can look like a difference.
 */
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Difference, FindingKind } from '../kinds.ts';
import { type LanePositions, readLanes } from '../lanes.ts';
import type { Check } from './check.ts';

export interface OffsetsDeps {
  mysql: Queryable;
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'endOffsets'>;
  clock: Clock;
  /** A lane with commands may stand still for so long. */
  stallMs: number;
}

export function offsetsCheck({ mysql, admin, clock, stallMs }: OffsetsDeps): Check {
  const standing = new Map<number, { nextOffset: number; sinceMs: number }>();
  let before: LanePositions = new Map();
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
    async run() {
      const notified = await readNotified(mysql);
      const committed = await admin.groupOffsets(GROUPS.worker, COMMANDS);
      const lanes = await readLanes(mysql);
      const ends = await admin.endOffsets(COMMANDS);
      const differences: Difference[] = [];
      const expectAtMost = (
        kind: FindingKind,
        partition: number,
        what: string,
        value: number,
        most: number,
      ): void => {
        if (value <= most) return;
        differences.push({
          kind,
          subject: String(partition),
          expected: `at most ${most}`,
          actual: `${what} ${value}`,
        });
      };
      for (const [partition, lane] of lanes) {
        const end = Number(ends.get(partition)?.high ?? 0n);
        const { nextOffset, publishedOffset } = lane;
        expectAtMost(
          'OFFSET_AHEAD',
          partition,
          'group offset',
          Number(committed.get(partition) ?? 0n),
          nextOffset,
        );
        expectAtMost('PUBLISHED_AHEAD', partition, 'published_offset', publishedOffset, nextOffset);
        expectAtMost('LOG_SHORT', partition, 'next_offset', nextOffset, end);
        expectAtMost(
          'NOTIFICATION_AHEAD',
          partition,
          'notified up to',
          (notified.get(partition) ?? -1) + 1,
          nextOffset,
        );
        const last = before.get(partition)?.nextOffset ?? 0;
        if (nextOffset < last) {
          differences.push({
            kind: 'POSITION_BACK',
            subject: String(partition),
            expected: `at least ${last}`,
            actual: `next_offset ${nextOffset}`,
          });
        }
        const stalledMs = stalledFor(standing, partition, nextOffset, end, clock.monotonicMs());
        if (stalledMs > stallMs) {
          differences.push({
            kind: 'LANE_STALLED',
            subject: String(partition),
            expected: `a decision of offset ${nextOffset}`,
            actual: 'no progress',
          });
        }
      }
      before = lanes;
      return { differences };
    },
  };
}

/** How long this lane has stood at this offset with commands before it. */
function stalledFor(
  standing: Map<number, { nextOffset: number; sinceMs: number }>,
  partition: number,
  nextOffset: number,
  end: number,
  nowMs: number,
): number {
  const since = standing.get(partition);
  if (nextOffset >= end || since?.nextOffset !== nextOffset) {
    standing.set(partition, { nextOffset: nextOffset >= end ? -1 : nextOffset, sinceMs: nowMs });
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

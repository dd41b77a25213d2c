/**
 * Outcomes that look like repeats and are none.
 *
 * A repeat has a source offset that the stored position has passed, so it was decided before that position was stored. One
 * that was decided clearly later is of another log: the command topic was recreated, and its offsets count from 0 again.
 * Dropping it as a repeat would be silence. It is counted, logged, and readiness says so, until the positions are reset.
 */
import type { OrderEvent } from '../../../schemas/index.ts';

/** The clocks of a worker and of notification may differ by this. */
const clocksApartMs = 300_000;

export interface ForeignEvents {
  /** When the stored position of a partition was last moved, epoch ms. */
  moved(partition: number, atMs: number): void;
  knows(partition: number): boolean;
  forget(partition: number): void;
  /** How many of these, which its position has passed, are no repeats. */
  countIn(partition: number, passed: readonly OrderEvent[]): number;
  /** For readiness. */
  check(): true | string;
}

export function createForeignEvents(): ForeignEvents {
  const movedAtMs = new Map<number, number>();
  const foreign = new Set<number>();
  return {
    moved(partition, atMs) {
      movedAtMs.set(partition, atMs);
      foreign.delete(partition);
    },
    knows: (partition) => movedAtMs.has(partition),
    forget(partition) {
      movedAtMs.delete(partition);
      foreign.delete(partition);
    },
    countIn(partition, passed) {
      const untilMs = (movedAtMs.get(partition) ?? Number.POSITIVE_INFINITY) + clocksApartMs;
      const count = passed.filter(({ occurredAt }) => occurredAt > untilMs).length;
      if (count > 0) foreign.add(partition);
      return count;
    },
    check() {
      if (foreign.size === 0) return true;
      const partitions = [...foreign].sort((a, b) => a - b).join(', ');
      return `stored positions of partitions ${partitions} are of another log`;
    },
  };
}

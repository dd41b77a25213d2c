/**
 * Outcomes that look like repeats but are not.
 *
 * The stored position has passed the source offset of a repeat, so a repeat was decided before that position
 * was stored. An outcome that was decided clearly later comes from another log: the command topic was
 * recreated, and its offsets start from 0 again. If it were dropped as a repeat, its loss would stay
 * unnoticed. So it is counted and logged, and readiness fails, until the positions are reset.
 */
import type { OrderEvent } from '../../../schemas/index.ts';

/** Allowed difference between the clocks of a worker and of notification. */
const clocksApartMs = 300_000;

export interface ForeignEvents {
  /** When the stored position of a partition last changed, epoch ms. */
  moved(partition: number, atMs: number): void;
  knows(partition: number): boolean;
  forget(partition: number): void;
  /** How many of these events are not repeats although the position has passed them. */
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

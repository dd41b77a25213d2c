/**
 * Finds outcomes that look like repeats but come from another log.
 *
 * A repeat was decided before the stored position passed its source offset. An outcome that was decided clearly
 * later comes from another log. The reason is a recreated command topic, whose offsets start from 0 again. If
 * intake dropped this outcome as a repeat, nobody would notice the loss. So intake counts and logs it, and
 * readiness fails until the stored position changes.
 */
import type { OrderEvent } from '../../../schemas/index.ts';

/** Allowed difference between the clocks of a worker and of notification. */
const clocksApartMs = 300_000;

export interface ForeignEvents {
  /** Records when the stored position of a partition last changed, in epoch ms. */
  moved(partition: number, atMs: number): void;
  knows(partition: number): boolean;
  forget(partition: number): void;
  /** Counts the events that are not repeats although the position has passed them. */
  countIn(partition: number, passed: readonly OrderEvent[]): number;
  /** For readiness: true, or the partitions with events of another log. */
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

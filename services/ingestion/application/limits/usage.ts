/**
 * The load per caller: its requests in the last second or two. During overload, callers with little load are admitted.
 */
import type { Clock } from '../../../shared/clock/index.ts';

export interface Usage {
  /** Counts one request of the caller. */
  note(callerId: string): void;
  /**
   * Whether the caller sends less than half of the average per caller. False for all callers if all send the
   * same.
   */
  isLight(callerId: string): boolean;
}

interface Window {
  readonly byCaller: Map<string, number>;
  total: number;
}

const windowMs = 1_000;

export function createUsage(clock: Pick<Clock, 'monotonicMs'>): Usage {
  let current = newWindow();
  let before = newWindow();
  let startedMs = clock.monotonicMs();

  const turnOver = (): void => {
    const ageMs = clock.monotonicMs() - startedMs;
    if (ageMs < windowMs) return;
    before = ageMs < 2 * windowMs ? current : newWindow();
    current = newWindow();
    startedMs += ageMs;
  };

  return {
    note(callerId) {
      turnOver();
      current.byCaller.set(callerId, (current.byCaller.get(callerId) ?? 0) + 1);
      current.total++;
    },
    isLight(callerId) {
      turnOver();
      const own = (current.byCaller.get(callerId) ?? 0) + (before.byCaller.get(callerId) ?? 0);
      const callers = Math.max(1, current.byCaller.size, before.byCaller.size);
      return own < (current.total + before.total) / (2 * callers);
    },
  };
}

function newWindow(): Window {
  return { byCaller: new Map(), total: 0 };
}

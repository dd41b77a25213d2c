/** The lasting faults of this instance, as sentences for readiness. */
import type { Clock } from '../../shared/clock/index.ts';

export interface Health {
  /** Notes that `what` fails, because of `reason`. */
  failed(what: string, reason: string): void;
  done(what: string): void;
  /** True, or the sentences of the faults that last longer than `lastsAfterMs`. */
  check(): true | string;
}

/** A shorter fault is only in the log. */
const lastsAfterMs = 10_000;

export function createHealth(clock: Clock): Health {
  const troubles = new Map<string, { sinceMs: number; reason: string }>();
  return {
    failed(what, reason) {
      troubles.set(what, { sinceMs: troubles.get(what)?.sinceMs ?? clock.monotonicMs(), reason });
    },
    done: (what) => void troubles.delete(what),
    check() {
      const nowMs = clock.monotonicMs();
      const lasting = [...troubles].filter(([, { sinceMs }]) => nowMs - sinceMs > lastsAfterMs);
      if (lasting.length === 0) return true;
      return lasting
        .map(
          ([what, { sinceMs, reason }]) => `${what} for ${Math.round((nowMs - sinceMs) / 1000)} s: ${reason}`,
        )
        .join('; ');
    },
  };
}

/** What keeps this instance from working, for readiness: a sentence for each lasting fault. */
import type { Clock } from '../../shared/clock/index.ts';

export interface Health {
  /** `what` fails now, because of `reason`. */
  failed(what: string, reason: string): void;
  done(what: string): void;
  /** true, or what has failed for longer than a moment. */
  check(): true | string;
}

/** A shorter fault ends by itself and is in the log. */
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

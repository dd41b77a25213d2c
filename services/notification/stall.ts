/**
 * Measures how long a part of the service has made no progress, and keeps the reason. Each part retries by
 * itself. A gauge shows the time. After a limit, readiness fails.
 */
import type { Clock } from '../shared/clock/index.ts';
import type { Lifecycle } from '../shared/lifecycle/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';

export interface Stall {
  /** Reports that work begins or is retried. The time counts from the first of these calls. */
  begin(why: string): void;
  /** Reports that the work is done. */
  end(): void;
  /** 0 while nothing waits. */
  waitingMs(): number;
  /** For readiness: true, or since when and why it waits. */
  check(): true | string;
}

/** A stall longer than this fails readiness. */
export const stalledMs = 30_000;
/** How often the gauge is updated. */
const gaugeMs = 1_000;

export function createStall(clock: Clock): Stall {
  let sinceMs: number | null = null;
  let why = '';
  const waitingMs = (): number => (sinceMs === null ? 0 : clock.monotonicMs() - sinceMs);
  return {
    begin(reason) {
      sinceMs ??= clock.monotonicMs();
      why = reason;
    },
    end() {
      sinceMs = null;
    },
    waitingMs,
    check: () => waitingMs() < stalledMs || `for ${Math.round(waitingMs() / 1_000)} s: ${why}`,
  };
}

export type Stalls = ReturnType<typeof openStalls>;

/** Opens one stall for each part. A gauge shows how long each part waits, and a long wait fails readiness. */
export function openStalls(clock: Clock, metrics: Metrics, lifecycle: Pick<Lifecycle, 'addReadiness'>) {
  const parts = {
    intake: createStall(clock),
    sender: createStall(clock),
    endpoints: createStall(clock),
    log: createStall(clock),
  };
  const removals = Object.entries(parts).map(([part, stall]) => lifecycle.addReadiness(part, stall.check));
  const timer = setInterval(() => {
    for (const [part, stall] of Object.entries(parts)) {
      metrics.set('notification_waiting_seconds', stall.waitingMs() / 1_000, { part });
    }
  }, gaugeMs);
  timer.unref();
  return {
    ...parts,
    close() {
      clearInterval(timer);
      for (const remove of removals) remove();
    },
  };
}

/**
 * Decides when a sender may continue. It has gates that a server closes for a while, and the progress, stall and
 * stop of a run.
 */

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5000;

/** The times until which senders must wait: one per customer (rate limits) and one for all (overload). */
export function createGates() {
  const openAtMs = new Map<string | null, number>();
  return {
    close(customerId: string | null, afterMs: number): void {
      // Wait up to a quarter longer, so that the waiting lines do not all return at once.
      const atMs = performance.now() + afterMs * (1 + Math.random() / 4);
      openAtMs.set(customerId, Math.max(openAtMs.get(customerId) ?? 0, atMs));
    },
    waitMs(customerId: string): number {
      return Math.max(openAtMs.get(customerId) ?? 0, openAtMs.get(null) ?? 0) - performance.now();
    },
  };
}

/** Progress, stall and stop of one run, as promises. */
export function createSignals(stallMs: number) {
  let waiting = Promise.withResolvers<void>();
  const stop = new AbortController();
  const wake = () => {
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
  };
  const stopNow = () => {
    clearTimeout(stall);
    stop.abort();
    wake();
  };
  const stall = setTimeout(stopNow, stallMs);
  stop.signal.addEventListener('abort', () => clearTimeout(stall));
  return {
    /** Resolves at the next progress, wake or stop. */
    changed: () => waiting.promise,
    wake,
    stopped: () => stop.signal.aborted,
    stop: stopNow,
    progress() {
      stall.refresh();
      wake();
    },
    /** Resolves after `ms`, or at once when the run stops. */
    sleep(ms: number): Promise<void> {
      if (ms <= 0 || stop.signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          stop.signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        stop.signal.addEventListener('abort', done, { once: true });
      });
    },
  };
}

/** Full jitter: a random time up to a bound, which doubles with each attempt. The first attempt is 1. */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS);
}

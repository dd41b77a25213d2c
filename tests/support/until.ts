import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** The awaited event, as a text for the error. */
  what: string;
  deadlineMs?: number;
  everyMs?: number;
}

const DEADLINE_MS = 20_000;
const EVERY_MS = 20;
/** How late a timer is on an idle machine. */
const LATE_MS_MAX = 5;

/**
 * Calls `ask` until its answer is truthy, and returns it. An error counts as "not yet". After the deadline
 * the last error is the cause of the failure. Pauses that last longer than planned count only in part. A busy
 * machine delays the awaited processes as well as this one.
 */
export async function until<T>(ask: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> {
  const { what, deadlineMs = DEADLINE_MS, everyMs = EVERY_MS } = options;
  let spentMs = 0;
  let last: unknown;
  let cause: unknown;
  for (;;) {
    const askedAtMs = performance.now();
    try {
      last = await ask();
      cause = undefined;
      if (last) return last as NonNullable<T>;
    } catch (error) {
      cause = error;
    }
    const sleptAtMs = performance.now();
    spentMs += sleptAtMs - askedAtMs;
    if (spentMs > deadlineMs) {
      const seen =
        cause === undefined ? `the last answer was ${JSON.stringify(last)}` : `the last try failed: ${cause}`;
      throw new Error(`${what} did not happen within ${deadlineMs} ms; ${seen}`, { cause });
    }
    await sleep(everyMs);
    spentMs += Math.min(performance.now() - sleptAtMs, everyMs + LATE_MS_MAX);
  }
}

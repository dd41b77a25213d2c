import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, told when it does not come. */
  what: string;
  deadlineMs?: number;
  everyMs?: number;
}

const DEADLINE_MS = 20_000;
const EVERY_MS = 20;

/**
 * Asks until the answer is truthy, and returns it. An error is an answer too ("not yet"); the last one is the cause
 * of the failure once the deadline has passed.
 */
export async function until<T>(ask: () => T | Promise<T>, options: UntilOptions): Promise<NonNullable<T>> {
  const { what, deadlineMs = DEADLINE_MS, everyMs = EVERY_MS } = options;
  const endsAtMs = performance.now() + deadlineMs;
  let last: unknown;
  let cause: unknown;
  for (;;) {
    try {
      last = await ask();
      cause = undefined;
      if (last) return last as NonNullable<T>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > endsAtMs) {
      const seen =
        cause === undefined ? `the last answer was ${JSON.stringify(last)}` : `the last try failed: ${cause}`;
      throw new Error(`${what} did not happen within ${deadlineMs} ms; ${seen}`, { cause });
    }
    await sleep(everyMs);
  }
}

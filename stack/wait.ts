import { setTimeout as sleep } from 'node:timers/promises';
import { StackError } from './errors.ts';

const POLL_MS = 100;

export interface WaitOptions {
  what: string;
  deadlineMs: number;
  /**
   * Called before each attempt. Returns a sentence if waiting is pointless, for example because the process has
   * died.
   */
  hopeless?: () => string | null;
}

/**
 * Repeats `ask` until it returns without throwing. After the deadline, the error contains the last error of
 * `ask`. The only fixed wait is the pause between two attempts.
 */
export async function waitUntil(ask: () => Promise<unknown>, options: WaitOptions): Promise<void> {
  const endsAtMs = performance.now() + options.deadlineMs;
  for (;;) {
    const reason = options.hopeless?.();
    if (reason) throw new StackError(reason);
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() > endsAtMs) {
        const last = error instanceof Error ? error.message : String(error);
        throw new StackError(
          `${options.what} did not answer within ${options.deadlineMs / 1000} s: ${last}`,
          {
            cause: error,
          },
        );
      }
    }
    await sleep(POLL_MS);
  }
}

import { appError, classify } from '../errors/index.ts';
import type { Backoff } from './backoff.ts';
import { sleep } from './sleep.ts';

export type RetryOptions = {
  /** The total number of tries; `Infinity` is allowed if a signal ends the waiting. */
  attempts: number;
  backoff: Backoff;
  signal?: AbortSignal;
  /** Default: errors whose disposition is `retry`. */
  shouldRetry?: (error: unknown, attempt: number) => boolean;
};

/**
 * Runs `fn` until it succeeds, its error must not be retried, or the attempts are used up. Then the last error is
 * thrown unchanged. When `signal` fires, also during a wait, it throws ABORTED.
 */
export async function retry<T>(fn: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, backoff, signal, shouldRetry = (error) => classify(error) === 'retry' } = options;
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted) throw appError('ABORTED', {}, { cause: signal.reason });
    try {
      return await fn(attempt);
    } catch (error) {
      if (attempt >= attempts || !shouldRetry(error, attempt)) throw error;
      await sleep(backoff(attempt), signal);
    }
  }
}

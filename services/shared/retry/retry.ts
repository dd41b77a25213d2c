import { appError, classify } from '../errors/index.ts';
import type { Backoff } from './backoff.ts';
import { sleep } from './sleep.ts';

export type RetryOptions = {
  /** The total number of attempts. Use `Infinity` only with a signal. */
  attempts: number;
  backoff: Backoff;
  signal?: AbortSignal;
  /** By default, errors whose disposition is `retry` are retried. */
  shouldRetry?: (error: unknown, attempt: number) => boolean;
};

/**
 * Runs `fn` until it succeeds, its error must not be retried, or the attempts are used up. After a failure,
 * throws the last error unchanged. When `signal` aborts, also during a wait, throws ABORTED.
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

/**
 * Reads in chunks at low load: after each chunk it pauses as long as the chunk took, or longer if requested.
 */
import type { Clock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { sleep } from '../../shared/retry/index.ts';

export interface Pace {
  /** Runs one chunk, then pauses. Rejects with ABORTED when `signal` fires. */
  chunk<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Longest pause after one chunk: a slow database must not prolong a round without limit. */
const restMaxMs = 1_000;

/** @param restShare pause per time of work: 1 pauses as long as it works, 0 never */
export function createPace(clock: Clock, restShare: number): Pace {
  return {
    async chunk(work, signal) {
      if (signal.aborted) throw appError('ABORTED');
      const startedMs = clock.monotonicMs();
      const result = await work();
      const restMs = Math.min(restMaxMs, (clock.monotonicMs() - startedMs) * restShare);
      if (restMs > 0) await sleep(restMs, signal);
      return result;
    },
  };
}

/** Splits into parts of at most `size`. */
export function* inChunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

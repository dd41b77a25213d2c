/** Reads in chunks to keep the load low. After each chunk it pauses in proportion to the time of the chunk. */
import type { Clock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { sleep } from '../../shared/retry/index.ts';

export interface Pace {
  /** Runs one chunk, then pauses. Rejects with ABORTED when `signal` aborts. */
  chunk<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Longest pause after one chunk, so that a slow database does not prolong a round without limit. */
const restMaxMs = 1_000;

/** @param restShare ratio of pause to work: 1 pauses as long as the chunk took, 0 never pauses */
export function createPace(clock: Clock, restShare: () => number): Pace {
  return {
    async chunk(work, signal) {
      if (signal.aborted) throw appError('ABORTED');
      const startedMs = clock.monotonicMs();
      const result = await work();
      const restMs = Math.min(restMaxMs, (clock.monotonicMs() - startedMs) * restShare());
      if (restMs > 0) await sleep(restMs, signal);
      return result;
    },
  };
}

/** Splits into parts of at most `size`. */
export function* inChunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Minimum time between the starts of two fetches of one broker. A broker responds at the first new record, so
 * without a pace a busy topic causes one fetch per produce request. A record of a busy topic waits half of it
 * on average; see docs/decisions/0013.
 */
export const fetchPaceMs = 15;

/**
 * Keeps the turns of a loop at least `paceMs` apart, from start to start: a turn that took longer is followed at once.
 * @param paceMs ms; 0 never waits
 * @returns resolves when the next turn may begin
 */
export function createPace(paceMs: number): () => Promise<void> {
  let notBeforeMs = 0;
  return async () => {
    const early = notBeforeMs - performance.now();
    if (early > 0) await wait(Math.ceil(early));
    notBeforeMs = performance.now() + paceMs;
  };
}

import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Between the starts of two fetches of one broker. A fetch is answered at the first record that comes: unpaced, a busy topic is
 * asked once for every produce request. Costs a record of a busy topic half of it on average; see docs/decisions/0013.
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

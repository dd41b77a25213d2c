/**
 * Keeps the work going when a log is no longer the one that it follows: the work stops whole and begins anew, as it would
 * in a new process. What it remembers is of the old log, so there is nothing to save.
 */
import type { Running } from '../../shared/lifecycle/index.ts';
import { sleep } from '../../shared/retry/index.ts';

/** A log that keeps changing is not chased faster than this. */
const pauseMs = 1_000;

/**
 * Starts the work. `start` is given a function that asks for another start; of each start only its first call counts.
 * Rejects like the first start; `fatal` gets what a later one throws.
 */
export async function keepWorking(deps: {
  start(renew: () => void): Promise<Running>;
  signal: AbortSignal;
  fatal(error: unknown): void;
}): Promise<Running> {
  const { start, signal, fatal } = deps;
  const begin = (): Promise<Running> => {
    let isAsked = false;
    return start(() => {
      if (isAsked || signal.aborted) return;
      isAsked = true;
      work = work.then(again);
      work.catch((error: unknown) => {
        if (!signal.aborted) fatal(error);
      });
    });
  };
  const again = async (running: Running): Promise<Running> => {
    await running.stop();
    await sleep(pauseMs, signal);
    return begin();
  };
  let work = begin();
  await work;
  return {
    async stop() {
      // A start that failed has stopped what it had opened, or the process ends anyway.
      const running = await work.catch(() => null);
      await running?.stop();
    },
  };
}

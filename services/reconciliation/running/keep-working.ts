/**
 * Restarts the work when a log is replaced. The work stops completely and starts again, as in a new process. Its
 * memory belongs to the old log, so none of it is kept.
 */
import type { Running } from '../../shared/lifecycle/index.ts';
import { sleep } from '../../shared/retry/index.ts';

/** Minimum time between restarts, for a log that keeps changing. */
const pauseMs = 1_000;

/**
 * Starts the work. `start` gets a function that requests another start. Only its first call per start counts.
 * Rejects with the error of the first start. `fatal` gets the error of a later start.
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
      // A failed start has already stopped its parts, or the process ends anyway.
      const running = await work.catch(() => null);
      await running?.stop();
    },
  };
}

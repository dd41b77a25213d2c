/** A loop of turns that ends with the service. */
import { errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';

export interface WorkDeps {
  /** For log lines and readiness, such as "the due orders". */
  readonly what: string;
  /** Does one step. Returns the pause until the next step, in ms. */
  readonly turn: () => Promise<number>;
  readonly log: Logger;
}

export interface Work {
  /** For readiness: true, or how long no turn has succeeded. */
  check(): true | string;
  /** Ends after the running turn, at the latest at the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

const troubleMs = 1_000;
const silenceMaxMs = 15_000;

/** Runs the turns one after another. A failed turn is logged, and the next one follows after a second. */
export function startWork({ what, turn, log }: WorkDeps): Work {
  let stopping = false;
  const bell = Promise.withResolvers<void>();
  let lastMs = performance.now();
  const loop = async (): Promise<void> => {
    while (!stopping) {
      let pauseMs = troubleMs;
      try {
        pauseMs = await turn();
        lastMs = performance.now();
      } catch (error) {
        log.warn({ work: what, reason: errorMessage(error) }, 'the scheduler cannot use the database');
      }
      await pause(pauseMs, bell.promise);
    }
  };
  const running = loop();
  return {
    check() {
      const silentMs = performance.now() - lastMs;
      return silentMs < silenceMaxMs || `no success with ${what} for ${Math.round(silentMs / 1_000)} s`;
    },
    async stop(deadlineMs) {
      stopping = true;
      bell.resolve();
      await pause(deadlineMs, running);
    },
  };
}

/** Resolves after this time, or when `early` resolves. */
async function pause(ms: number, early: Promise<void>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, ms);
  await Promise.race([timer.promise, early]);
  clearTimeout(timeout);
}

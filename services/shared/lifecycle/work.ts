/** A loop of turns that ends with the service. */
import { errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';

export interface WorkDeps {
  /** For log lines and readiness, such as "the due orders". */
  readonly what: string;
  /** Does one step. Returns the pause until the next step, in ms. */
  readonly turn: () => Promise<number>;
  readonly log: Logger;
  /** The log message after a failed turn. */
  readonly trouble: string;
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
export function startWork({ what, turn, log, trouble }: WorkDeps): Work {
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
        log.warn({ work: what, reason: errorMessage(error) }, trouble);
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

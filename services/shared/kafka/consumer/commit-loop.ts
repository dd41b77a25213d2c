import type { Logger } from '../../log/index.ts';

/** How often a group's offsets follow what is done. */
const commitEveryMs = 1_000;

export interface CommitLoop {
  /** Commits once more; resolves when that has ended. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Commits a group's offsets again and again, one commit at a time. A failure is told and left to the next one: it is for groups
 * whose offsets only say where to read from again, while positions that count are stored beside their effects.
 */
export function startCommitLoop(commit: () => Promise<void>, log: Logger): CommitLoop {
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    try {
      await commit();
    } catch (error) {
      log.warn({ err: error }, 'the group offsets could not be committed');
    }
    running = null;
  };
  const timer = setInterval(() => {
    running ??= run();
  }, commitEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await run();
    },
  };
}

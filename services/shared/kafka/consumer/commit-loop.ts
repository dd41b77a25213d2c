import type { Logger } from '../../log/index.ts';

/** How often a group's offsets are committed. */
const commitEveryMs = 1_000;

export interface CommitLoop {
  /** Commits once more and resolves when this commit has ended. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Commits a group's offsets repeatedly, one commit at a time. It logs a failure, and the next commit is the
 * retry. Use it only for groups that store their real positions beside the effects. Their group offset only
 * shows where to start reading.
 */
export function startCommitLoop(commit: () => Promise<void>, log: Logger): CommitLoop {
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    try {
      await commit();
    } catch (error) {
      log.warn({ err: error }, 'the consumer cannot commit the group offsets');
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

/**
 * Runs tasks in parallel, except for tasks that must run alone in the process. Tasks start in the order of their
 * calls.
 */
export interface ExclusiveRun {
  /**
   * Runs the work in parallel with other work, or alone after all running work has ended. Returns its result or
   * throws its error.
   */
  run<T>(mode: 'shared' | 'exclusive', work: () => Promise<T>): Promise<T>;
}

export function createExclusiveRun(): ExclusiveRun {
  let running = 0;
  let isExclusive = false;
  const waiting: { mode: 'shared' | 'exclusive'; start: () => void }[] = [];

  const admit = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isExclusive || (next.mode === 'exclusive' && running > 0)) return;
      waiting.shift();
      running += 1;
      isExclusive = next.mode === 'exclusive';
      next.start();
    }
  };

  return {
    async run(mode, work) {
      await new Promise<void>((start) => {
        waiting.push({ mode, start });
        admit();
      });
      try {
        return await work();
      } finally {
        running -= 1;
        isExclusive = false;
        admit();
      }
    },
  };
}

/** Work side by side, except that some of it wants the process for itself. First come, first served. */
export interface Isolation {
  /** Runs the work: beside other work, or alone, once all that runs has ended. Passes its result or error on. */
  run<T>(mode: 'beside' | 'alone', work: () => Promise<T>): Promise<T>;
}

export function createIsolation(): Isolation {
  let running = 0;
  let isAlone = false;
  const waiting: { mode: 'beside' | 'alone'; start: () => void }[] = [];

  const admit = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isAlone || (next.mode === 'alone' && running > 0)) return;
      waiting.shift();
      running += 1;
      isAlone = next.mode === 'alone';
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
        isAlone = false;
        admit();
      }
    },
  };
}

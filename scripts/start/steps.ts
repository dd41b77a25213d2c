import { StackError } from '../../stack/index.ts';

export interface Steps {
  /** Runs one step and prints its output and its duration. Throws after an interruption. */
  run<T>(name: string, work: (tell: (line: string) => void) => Promise<T>): Promise<T>;
  tell(line: string): void;
  elapsedMs(): number;
}

export function createSteps(signal: AbortSignal): Steps {
  const startedMs = performance.now();
  const tell = (line: string): void => console.log(`  ${line}`);
  return {
    tell,
    elapsedMs: () => performance.now() - startedMs,
    async run(name, work) {
      if (signal.aborted) throw new StackError('Interrupted.');
      console.log(name);
      const stepMs = performance.now();
      const result = await work(tell);
      tell(`done in ${((performance.now() - stepMs) / 1000).toFixed(1)} s`);
      return result;
    },
  };
}

/** Resolves when the signal is aborted, and keeps the process alive until then. */
export function interrupted(signal: AbortSignal): Promise<void> {
  const DAY_MS = 86_400_000;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, DAY_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}

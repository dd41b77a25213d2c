/**
 * Limits concurrent tasks in total and per key, so that no key delays the others for long. When a slot is free,
 * the keys with waiting tasks take turns. The gate keeps only keys with tasks, so the number of tasks bounds
 * its size.
 */
export interface GateLimits {
  /** Maximum number of concurrent tasks of all keys together. */
  slotsInAll: number;
  /** Maximum number of concurrent tasks of one key. */
  slotsEach: number;
  /** Maximum number of tasks of one key that may wait for their turn. */
  waitingEach: number;
}

interface Line {
  running: number;
  waiting: (() => void)[];
  /** Number of tasks that were refused since this key last had no task. */
  turnedAway: number;
}

export interface FairGate {
  /** Number of tasks of this key that may be submitted now. */
  room(key: string): number;
  /** Number of running and waiting tasks of all keys. */
  size(): number;
  /**
   * Runs the task when its turn comes. If the queue is full, refuses the task and returns the number of refused
   * tasks.
   */
  run<T>(key: string, task: () => Promise<T>): Promise<{ done: T } | { turnedAway: number }>;
}

/** Reads the limits at each task, so they may change. */
export function createFairGate(limits: GateLimits): FairGate {
  const lines = new Map<string, Line>();
  /** Keys that may start a task, in the order of their turns. */
  const ready = new Set<string>();
  let running = 0;
  let size = 0;

  const lineOf = (key: string): Line => {
    const line = lines.get(key) ?? { running: 0, waiting: [], turnedAway: 0 };
    lines.set(key, line);
    return line;
  };

  const startReady = (): void => {
    for (const key of ready) {
      if (running >= limits.slotsInAll) return;
      ready.delete(key);
      const line = lines.get(key)!;
      line.running += 1;
      running += 1;
      line.waiting.shift()!();
      // The key was deleted above, so it now comes last in this loop.
      if (line.waiting.length > 0 && line.running < limits.slotsEach) ready.add(key);
    }
  };

  const ended = (key: string, line: Line): void => {
    line.running -= 1;
    running -= 1;
    size -= 1;
    if (line.waiting.length > 0) ready.add(key);
    else if (line.running === 0) lines.delete(key);
    startReady();
  };

  return {
    room(key) {
      const line = lines.get(key);
      return (
        limits.slotsEach + limits.waitingEach - (line === undefined ? 0 : line.running + line.waiting.length)
      );
    },
    size: () => size,
    async run(key, task) {
      const line = lineOf(key);
      if (line.running + line.waiting.length >= limits.slotsEach + limits.waitingEach) {
        line.turnedAway += 1;
        return { turnedAway: line.turnedAway };
      }
      size += 1;
      const turn = new Promise<void>((resolve) => line.waiting.push(resolve));
      if (line.running < limits.slotsEach) ready.add(key);
      startReady();
      await turn;
      try {
        return { done: await task() };
      } finally {
        ended(key, line);
      }
    },
  };
}

import { rmSync } from 'node:fs';
import path from 'node:path';
import { StackError } from './errors.ts';
import { instanceDir } from './instance.ts';
import { withLock } from './lock.ts';
import { runningNames, type Stopped, stopProcess } from './processes.ts';

/** Ends what makes orders first, what keeps them last; what has the same rank ends at the same time. */
const RANKS: [RegExp, number][] = [
  [/^start$/, 0],
  [/^ingestion$/, 1],
  [/^worker/, 2],
  [/^(notification|reconciliation)$/, 3],
  [/^(kafka|registry)/, 4],
  [/^(mysql|redis)$/, 5],
];
const OTHER_RANK = 3;
const STOP_DEADLINE_MS = 10_000;
const LOCK_WAIT_MS = 0;

/** Runs `work` as the only one that starts or stops servers of this instance. */
export function withInstanceLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const lock = {
    file: path.join(instanceDir(name), 'lock'),
    waitMs: LOCK_WAIT_MS,
    refuse: (pid: number) =>
      new StackError(
        `Instance "${name}" is being started or stopped by process ${pid}; try again when it is done.`,
      ),
  };
  return withLock(lock, work);
}

/** Stops every process of the instance; its data stays. Returns what was stopped, in order. */
export function stackDown(name: string, deadlineMs = STOP_DEADLINE_MS): Promise<Map<string, Stopped>> {
  return withInstanceLock(name, () => stopAll(name, deadlineMs));
}

/** Stops everything and deletes the instance's folder: data, logs, ports and all. */
export async function stackReset(name: string): Promise<void> {
  await withInstanceLock(name, async () => {
    await stopAll(name, STOP_DEADLINE_MS);
    rmSync(instanceDir(name), { recursive: true, force: true });
  });
}

/** As `stackDown`, for who holds the instance's lock already. */
export async function stopAll(
  name: string,
  deadlineMs: number,
  only = (_: string): boolean => true,
): Promise<Map<string, Stopped>> {
  const dir = instanceDir(name);
  const running = runningNames(dir).filter(only);
  const results = new Map<string, Stopped>();
  const ranks = [...new Set(running.map(rankOf))].sort();
  for (const rank of ranks) {
    const names = running.filter((process) => rankOf(process) === rank);
    const stopped = await Promise.all(names.map((process) => stopProcess(dir, process, deadlineMs)));
    for (const [index, process] of names.entries()) results.set(process, stopped[index] ?? 'notRunning');
  }
  return results;
}

function rankOf(process: string): number {
  return RANKS.find(([pattern]) => pattern.test(process))?.[1] ?? OTHER_RANK;
}

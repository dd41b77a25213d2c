import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { StackError } from './errors.ts';
import { instanceDir, instanceNames } from './instance.ts';
import { withLock } from './lock.ts';
import { runningNames, runningProcess, type Stopped, stopProcess } from './processes/processes.ts';
import { serviceStopRank } from './services.ts';

/**
 * The order of stopping: first the processes that accept orders, last the servers that store them. Processes of
 * the same rank stop at the same time.
 */
const START_RANK = 0;
const SERVER_RANK = 9;
const SERVERS = /^(kafka(-\d)?|registry|mysql|redis)$/;
const OTHER_RANK = 8;
const STOP_DEADLINE_MS = 10_000;

export interface DownOptions {
  /** The time that each process has before it is killed. */
  deadlineMs?: number;
  /** How long to wait for another start or stop of this instance; 0 refuses at once. */
  lockWaitMs?: number;
  /** Called under the instance's lock. If it returns true, everything keeps running. */
  unless?: () => boolean;
}

/** Runs `work` while no other process starts or stops servers of this instance. */
export function withInstanceLock<T>(name: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const lock = {
    file: path.join(instanceDir(name), 'lock'),
    waitMs,
    refuse: (pid: number) =>
      new StackError(
        `Instance "${name}" is being started or stopped by process ${pid}; try again when it is done.`,
      ),
  };
  return withLock(lock, work);
}

/**
 * Stops every process of the instance and keeps its data. Returns the stopped processes in order. Throws
 * StackError if there is no instance of that name.
 */
export async function stackDown(name: string, options: DownOptions = {}): Promise<Map<string, Stopped>> {
  const { deadlineMs = STOP_DEADLINE_MS, lockWaitMs = 0, unless = () => false } = options;
  mustExist(name);
  return withInstanceLock(name, lockWaitMs, () =>
    unless() ? Promise.resolve(new Map()) : stopAll(name, deadlineMs),
  );
}

/**
 * Stops every process and deletes the instance's folder with data, logs and ports. Throws StackError if there
 * is no instance of that name.
 */
export async function stackReset(name: string): Promise<void> {
  mustExist(name);
  await withInstanceLock(name, 0, async () => {
    await stopAll(name, STOP_DEADLINE_MS);
    rmSync(instanceDir(name), { recursive: true, force: true });
  });
}

/** Like `stackDown`, for a caller that already holds the instance's lock. */
export async function stopAll(
  name: string,
  deadlineMs: number,
  only: (process: string) => boolean = () => true,
): Promise<Map<string, Stopped>> {
  const dir = instanceDir(name);
  const results = new Map<string, Stopped>();
  const done = new Set<string>();
  // The processes are listed again for each rank, because `npm start` may start a service until it ends.
  for (;;) {
    const running = runningNames(dir).filter(
      // The caller may be a process of the instance itself, such as `npm start`.
      (process) =>
        only(process) && !done.has(process) && runningProcess(dir, process)?.pid !== globalThis.process.pid,
    );
    if (running.length === 0) return results;
    const rank = Math.min(...running.map(rankOf));
    const names = running.filter((process) => rankOf(process) === rank);
    const stopped = await Promise.all(names.map((process) => stopProcess(dir, process, deadlineMs)));
    for (const [index, process] of names.entries()) {
      done.add(process);
      // The result omits processes that their own supervisor stopped meanwhile.
      const how = stopped[index];
      if (how && how !== 'notRunning') results.set(process, how);
    }
  }
}

/** Throws for a name without an instance, so that a mistyped name does not look like success. */
function mustExist(name: string): void {
  if (existsSync(instanceDir(name))) return;
  const names = instanceNames();
  const known = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
  throw new StackError(`There is no instance "${name}"; ${known}.`);
}

function rankOf(process: string): number {
  if (process === 'start') return START_RANK;
  return SERVERS.test(process) ? SERVER_RANK : (serviceStopRank(process) ?? OTHER_RANK);
}

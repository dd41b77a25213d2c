import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StackError } from '../errors.ts';
import { identify, isRunning, type ProcessId, signal } from './process-id.ts';

const POLL_MS = 50;
const KILL_DEADLINE_MS = 5_000;

export interface Launch {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
}

export const pidFile = (dir: string, name: string): string => path.join(dir, 'pids', `${name}.json`);
export const logFile = (dir: string, name: string): string => path.join(dir, 'logs', `${name}.log`);

/** Java cannot open a path with non-ASCII letters in the locale C or POSIX. */
export const utf8Paths = { LC_ALL: 'C.UTF-8' } as const;

/** Starts a process in its own session, appends its output to its log file, and records its pid. */
export async function launch(dir: string, what: Launch): Promise<ProcessId> {
  mkdirSync(path.join(dir, 'logs'), { recursive: true });
  const out = openSync(logFile(dir, what.name), 'a');
  try {
    const child = spawn(what.command, what.args, {
      cwd: what.cwd ?? dir,
      env: { ...process.env, ...utf8Paths, ...what.env },
      detached: true,
      stdio: ['ignore', out, out],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) =>
        reject(new StackError(`${what.name} could not be started: ${cause.message}.`, { cause })),
      );
    });
    child.unref();
    const id = identify(child.pid ?? 0);
    if (!id) throw new StackError(`${what.name} ended at once; its log is ${logFile(dir, what.name)}.`);
    recordProcess(dir, what.name, id);
    return id;
  } finally {
    closeSync(out);
  }
}

export function recordProcess(dir: string, name: string, id: ProcessId): void {
  mkdirSync(path.join(dir, 'pids'), { recursive: true });
  writeFileSync(pidFile(dir, name), `${JSON.stringify(id)}\n`);
}

export function forgetProcess(dir: string, name: string): void {
  rmSync(pidFile(dir, name), { force: true });
}

/** The recorded process, if it still runs. Removes a stale record. */
export function runningProcess(dir: string, name: string): ProcessId | null {
  const file = pidFile(dir, name);
  if (!existsSync(file)) return null;
  const id = parse(file);
  if (id && isRunning(id)) return id;
  rmSync(file, { force: true });
  return null;
}

function parse(file: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
  } catch {
    // A killed run wrote only half of the file. The process is unknown, so it must not be signalled.
    return null;
  }
}

/** Names of all running processes of the instance. */
export function runningNames(dir: string): string[] {
  const folder = path.join(dir, 'pids');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((file) => path.basename(file, '.json'))
    .filter((name) => runningProcess(dir, name) !== null);
}

export type Stopped = 'notRunning' | 'stopped' | 'killed';

/** Sends SIGTERM, and SIGKILL after the deadline. Resolves when the process has ended. */
export async function stopProcess(dir: string, name: string, deadlineMs: number): Promise<Stopped> {
  const id = runningProcess(dir, name);
  if (!id) return 'notRunning';
  signal(id, 'SIGTERM');
  let result: Stopped = 'stopped';
  if (!(await gone(id, deadlineMs))) {
    signal(id, 'SIGKILL');
    result = 'killed';
    if (!(await gone(id, KILL_DEADLINE_MS))) throw new StackError(`${name} (pid ${id.pid}) does not end.`);
  }
  forgetProcess(dir, name);
  return result;
}

async function gone(id: ProcessId, deadlineMs: number): Promise<boolean> {
  const endsAtMs = performance.now() + deadlineMs;
  while (isRunning(id)) {
    if (performance.now() > endsAtMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

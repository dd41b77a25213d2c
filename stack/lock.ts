import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessId } from './process-id.ts';

const POLL_MS = 200;

export interface LockOptions {
  file: string;
  /** How long to wait for another holder; 0 refuses at once. */
  waitMs: number;
  /** Thrown when the lock is not to be had; told the holder's pid. */
  refuse: (pid: number) => Error;
}

/** Runs `work` while holding a lock file. A holder that has died is noticed by its pid and start time. */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  mkdirSync(path.dirname(options.file), { recursive: true });
  const endsAtMs = performance.now() + options.waitMs;
  for (;;) {
    const holder = tryLock(options.file);
    if (holder === null) break;
    if (performance.now() >= endsAtMs) throw options.refuse(holder.pid);
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(options.file, { force: true });
  }
}

/** Null when the lock is ours now, else who has it. */
function tryLock(file: string): ProcessId | null {
  const me = identify(process.pid);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(me));
  try {
    // link() fails when the name exists, and the name never exists without its contents.
    linkSync(draft, file);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const holder = readHolder(file);
  if (holder && isRunning(holder)) return holder;
  rmSync(file, { force: true });
  return tryLock(file);
}

function readHolder(file: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
  } catch {
    // Released between our try and our look, or damaged: either way nobody holds it.
    return null;
  }
}

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessId } from './processes/process-id.ts';

const POLL_MS = 200;

export interface LockOptions {
  file: string;
  /** How long to wait for another holder; 0 refuses at once. */
  waitMs: number;
  /** Makes the error for a lock that is not available, from the holder's pid. */
  refuse: (pid: number) => Error;
}

/** Runs `work` while holding a lock file. Pid and start time show whether a holder has died. */
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

/** Tries to get the lock. Returns null on success, otherwise the holder. */
function tryLock(file: string): ProcessId | null {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)));
  try {
    for (;;) {
      // link() fails if the name exists. The name never exists without its contents.
      if (unlessCode('EEXIST', () => linkSync(draft, file))) return null;
      const text = readFileIfThere(file);
      if (text === null) continue;
      const holder = parseHolder(text);
      if (holder && isRunning(holder)) return holder;
      evict(file, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the file of a dead holder. If another process was faster and the file now belongs to a live holder,
 * puts it back.
 */
function evict(file: string, deadText: string): void {
  const aside = `${file}.${process.pid}.dead`;
  if (!unlessCode('ENOENT', () => renameSync(file, aside))) return;
  if (readFileIfThere(aside) !== deadText) unlessCode('EEXIST', () => linkSync(aside, file));
  rmSync(aside, { force: true });
}

function parseHolder(text: string): ProcessId | null {
  try {
    return JSON.parse(text) as ProcessId;
  } catch {
    // The file is damaged and the holder is unknown, so the lock counts as free.
    return null;
  }
}

function readFileIfThere(file: string): string | null {
  let text: string | null = null;
  unlessCode('ENOENT', () => {
    text = readFileSync(file, 'utf8');
  });
  return text;
}

/** Returns false if the call fails with exactly this code. Throws any other error. */
function unlessCode(code: string, call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessId } from './processes/process-id.ts';

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
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)));
  try {
    for (;;) {
      // link() fails when the name exists, and the name never exists without its contents.
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

/** Takes a dead holder's file away; if another process was quicker and the file is a living one's by now, puts it back. */
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
    // Damaged: nobody can be named, so nobody holds it.
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

/** False when the call fails with exactly this code; any other error is thrown. */
function unlessCode(code: string, call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

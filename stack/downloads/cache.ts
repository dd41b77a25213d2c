/** Keeps what was downloaded, for all instances of a user. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { StackError } from '../errors.ts';
import { withLock } from '../lock.ts';

/** The progress output of a download, and a signal that ends it early. */
export interface FetchContext {
  tell: (line: string) => void;
  signal: AbortSignal;
}

export const FETCH_DEADLINE_MS = 15 * 60_000;

export function cacheDir(): string {
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'orderstream');
}

/**
 * Returns a folder of the cache. If it is missing, `fill` writes into an empty draft, which then becomes the
 * folder. Two concurrent runs fill it once. Throws StackError if another run takes longer than
 * FETCH_DEADLINE_MS.
 */
export async function cached(
  { folder, label }: { folder: string; label: string },
  fill: (draft: string) => Promise<void>,
): Promise<string> {
  const target = path.join(cacheDir(), folder);
  if (existsSync(target)) return target;
  const lock = {
    file: `${target}.lock`,
    waitMs: FETCH_DEADLINE_MS,
    refuse: (pid: number) => new StackError(`Process ${pid} has been fetching ${label} for too long.`),
  };
  return withLock(lock, async () => {
    if (existsSync(target)) return target;
    const draft = `${target}.part`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await fill(draft);
    renameSync(draft, target);
    return target;
  });
}

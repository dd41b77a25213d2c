import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning, type ProcessId } from '../../../stack/index.ts';

/**
 * Who uses a test instance: one file a process. Several runs share the instance; the one that leaves last stops it,
 * and only if a run of tests had started it.
 */
const folder = (dir: string): string => path.join(dir, 'users');
const marker = (dir: string): string => path.join(dir, 'started-by-tests');

export function takeLease(dir: string): void {
  mkdirSync(folder(dir), { recursive: true });
  writeFileSync(path.join(folder(dir), `${process.pid}.json`), JSON.stringify(identify(process.pid)));
}

export function dropLease(dir: string): void {
  rmSync(path.join(folder(dir), `${process.pid}.json`), { force: true });
}

/** How many other processes, still alive, hold a lease; those of dead ones are swept away. */
export function otherLeases(dir: string): number {
  mkdirSync(folder(dir), { recursive: true });
  let others = 0;
  for (const name of readdirSync(folder(dir))) {
    const file = path.join(folder(dir), name);
    if (name === `${process.pid}.json`) continue;
    if (isAlive(file)) others += 1;
    else rmSync(file, { force: true });
  }
  return others;
}

export function markStartedByTests(dir: string): void {
  writeFileSync(marker(dir), 'The run of tests that leaves last stops this instance.\n');
}

/** Whether a run of tests started the instance; asking takes the mark away. */
export function takeMark(dir: string): boolean {
  try {
    rmSync(marker(dir));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(file: string): boolean {
  try {
    return isRunning(JSON.parse(readFileSync(file, 'utf8')) as ProcessId);
  } catch {
    // Half written by a process that was killed: nobody holds it.
    return false;
  }
}

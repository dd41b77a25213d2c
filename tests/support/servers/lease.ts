import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning, type ProcessId } from '../../../stack/index.ts';

/**
 * The leases of a test instance, with one file per process that uses it. Several runs share the instance. The
 * last run stops the instance, but only if a test run had started it.
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

/** Number of other live processes that hold a lease. Removes leases of dead processes. */
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
  writeFileSync(marker(dir), 'The last test run stops this instance.\n');
}

/** Whether a test run started the instance. A read removes this information. */
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
    // A killed process wrote only a part of this file, so it does not count.
    return false;
  }
}

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A process named so that it cannot be mistaken: pids are reused, a pid with its start time is not. */
export interface ProcessId {
  pid: number;
  startedAt: string;
}

/** The process's start time in the system's own terms, or null when no such process runs (a zombie does not). */
export function startTimeOf(pid: number): string | null {
  if (!existsSync('/proc/self/stat')) return startTimeByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may hold blanks; fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    // No such file: the process is gone, which is the answer that was asked for.
    return null;
  }
}

function startTimeByPs(pid: number): string | null {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    // ps exits with 1 when there is no such process.
    return null;
  }
}

export function identify(pid: number): ProcessId | null {
  const startedAt = startTimeOf(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isRunning(id: ProcessId): boolean {
  return startTimeOf(id.pid) === id.startedAt;
}

/** Sends the signal only to the very process that was recorded; false when it is gone. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false;
  try {
    process.kill(id.pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

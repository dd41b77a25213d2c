import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Identifies a process uniquely. Systems reuse a pid, but not a pid with its start time. */
export interface ProcessId {
  pid: number;
  startedAt: string;
}

/** The process's start time in the system's units. Null if no such process runs; a zombie does not run. */
export function startTimeOf(pid: number): string | null {
  if (!existsSync('/proc/self/stat')) return startTimeByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may contain spaces. So the fields are counted from its
    // end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    // The file does not exist, so the process has ended.
    return null;
  }
}

function startTimeByPs(pid: number): string | null {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    // ps exits with 1 if there is no such process.
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

/** Sends the signal only to the recorded process. Returns false if it has ended. */
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

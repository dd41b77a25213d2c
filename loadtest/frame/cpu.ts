/** Measures the CPU time of processes and the current speed of the machine. */
import { readFileSync } from 'node:fs';

/** Linux counts process times in hundredths of a second, for every tick rate of the kernel. */
const tickUs = 10_000;
const spinTurns = 100_000_000;

/** CPU time of this process since a moment, in µs. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU time of a process of this machine with all its threads, in µs; null if it cannot be read. */
export function processCpuUs(pid: number | null): number | null {
  if (pid === null) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces. User and system time are fields 14 and 15 of the line.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickUs;
  } catch {
    // The machine does not run Linux, or the process belongs to another user. The column stays empty.
    return null;
  }
}

/** Duration of a fixed amount of work on one core, in ms. */
export function spinMs(): number {
  const startedMs = performance.now();
  let value = 0;
  for (let turn = 0; turn < spinTurns; turn++) value = (Math.imul(value, 31) + turn) | 0;
  const ms = performance.now() - startedMs;
  // The code uses the value, so that V8 does not remove the loop.
  return value === 0.5 ? 0 : ms;
}

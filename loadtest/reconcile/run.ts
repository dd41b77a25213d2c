/** Runs `orderstream reconcile` as a separate process, as an operator would start it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { processCpuUs } from '../frame/cpu.ts';

export interface Reconciled {
  seconds: number;
  outcomes: number;
  findings: number;
  /** CPU time of the process itself, in µs. The database uses further CPU time for its queries. */
  cpuUs: number;
  rssMb: number;
  /** The steps of the run. */
  phases: { name: string; elapsedMs: number }[];
}

const cli = path.resolve(import.meta.dirname, '../../cli/main.ts');
const lookEveryMs = 200;

export async function runReconcile(env: Readonly<Record<string, string>>): Promise<Reconciled> {
  const startedMs = performance.now();
  const profile =
    process.env['BENCH_PROFILE'] === 'reconcile' ? ['--cpu-prof', '--cpu-prof-dir=.bench-profile'] : [];
  const child = spawn(process.execPath, [...profile, cli, 'reconcile', '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  let cpuUs = 0;
  let rssMb = 0;
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const looking = setInterval(() => {
    cpuUs = processCpuUs(child.pid!) ?? cpuUs;
    rssMb = Math.max(rssMb, rssOf(child.pid!));
  }, lookEveryMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(looking);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { outcomes, findings, phases } = JSON.parse(Buffer.concat(chunks).toString()) as {
    outcomes: number;
    findings: { kind: string; subject: string }[];
    phases: Reconciled['phases'];
  };
  return { seconds, outcomes, findings: findings.length, cpuUs, rssMb, phases };
}

/** Resident memory of a process in MB of 10^6 bytes; 0 if it cannot be read. */
function rssOf(pid: number): number {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return (Number(kb ?? 0) * 1_024) / 1e6;
  } catch {
    // The machine does not run Linux, or the process has just ended.
    return 0;
  }
}

/** One service of the product as a separate process, as in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { workerProcessEnv } from '../../services/worker/process-env.ts';

export interface ServiceProcess {
  readonly pid: number;
  /** The log line that `start` waited for. */
  readonly line: Readonly<Record<string, unknown>>;
  /** Port of the metrics; null before the process logs the port. */
  readonly adminPort: number | null;
  stop(): Promise<void>;
}

const startDeadlineMs = 60_000;
const linesKept = 20;
/** Ends the process when the bench ends, even if the bench is killed. */
const endWithBench = `--import=${path.join(import.meta.dirname, 'end-with-bench.ts')}`;
/** The same environment as under the supervisor of `npm start`. */
const processEnv: Readonly<Record<string, Readonly<Record<string, string>>>> = { worker: workerProcessEnv };

/** Starts `services/<name>/main.ts`. Resolves once the service logs `message`. */
export function startService(
  name: string,
  env: Readonly<Record<string, string>>,
  message: string,
): Promise<ServiceProcess> {
  const entry = path.resolve(import.meta.dirname, '../../services', name, 'main.ts');
  const profile =
    process.env['BENCH_PROFILE'] === name ? ['--cpu-prof', '--cpu-prof-dir=.bench-profile'] : [];
  const child = spawn(process.execPath, [endWithBench, ...profile, entry], {
    env: { ...process.env, ...processEnv[name], ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    let adminPort: number | null = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), startDeadlineMs);
    const closed = new Promise<void>((done) => child.once('close', () => done()));
    void closed.then(() => reject(new Error(`${name} ended while it started: ${last.join('\n')}`)));
    createInterface(child.stdout!).on('line', (text) => {
      last.push(text);
      if (last.length > linesKept) last.shift();
      const line = parse(text);
      if (typeof line['adminPort'] === 'number') adminPort = line['adminPort'];
      if (line['msg'] !== message) return;
      clearTimeout(timer);
      resolve({ pid: child.pid!, line, adminPort, stop: () => stop(child, closed) });
    });
  });
}

function stop(child: ChildProcess, closed: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  return closed;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // The line is a warning of Node, not a log line of the service.
    return {};
  }
}

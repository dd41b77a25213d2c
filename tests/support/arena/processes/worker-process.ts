/** A real worker, or another service, as a child process, with its log and its exit. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { keepLine } from '../../records/kept-logs.ts';
import { until } from '../../until.ts';

const metricPrefix = 'orderstream_';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface WorkerProcess {
  readonly pid: number;
  readonly log: readonly LogLine[];
  /** Resolves when the process has ended, whatever the reason. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  signal(name: NodeJS.Signals): void;
  /** The response of the admin server, with any status. */
  ask(path: '/readyz' | '/metrics' | '/scale/worker'): Promise<string>;
  /** Sum of a metric's samples whose labels contain `labels`, e.g. `cause="wait"`; 0 if there is none. */
  metric(name: string, labels?: string): Promise<number>;
  /** Resolves with the first matching line, including past ones. */
  logged(fits: (line: LogLine) => boolean, what: string, deadlineMs?: number): Promise<LogLine>;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Exit>;
  /** Sends SIGKILL and waits for the end. Does nothing to a process that has ended. */
  kill(): Promise<Exit>;
}

const services = path.join(import.meta.dirname, '../../../../services');
const readyDeadlineMs = 60_000;
const logLinesMax = 20_000;

/** Starts a worker. Resolves once it has joined its group, or if it died before. */
export function spawnWorker(env: Readonly<Record<string, string>>, entry?: string): Promise<WorkerProcess> {
  return spawnService('worker', env, { entry });
}

/** Starts a service of the product. Resolves once it is ready, or if it died before. */
export async function spawnService(
  service: string,
  env: Readonly<Record<string, string>>,
  { entry = path.join(services, service, 'main.ts'), deadlineMs = readyDeadlineMs } = {},
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = watch(child);
  await until(() => !started.running || started.log.some((line) => line.msg === `${service} is ready`), {
    what: `the ${service} being ready`,
    deadlineMs,
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return started;
}

function watch(child: ChildProcess): WorkerProcess {
  const log: LogLine[] = [];
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running = false;
      resolve({ code, signal });
    });
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface(stream).on('line', (line) => {
      keepLine(line);
      log.push(parse(line));
      if (log.length > logLinesMax) log.shift();
    });
  }
  const worker: WorkerProcess = {
    pid: child.pid!,
    log,
    exited,
    get running() {
      return running;
    },
    signal: (name) => void child.kill(name),
    async ask(path) {
      const { adminPort } = await worker.logged(({ adminPort }) => adminPort !== undefined, 'an admin port');
      return (await fetch(`http://127.0.0.1:${adminPort}${path}`)).text();
    },
    metric: async (name, labels = '') => sumOf(await worker.ask('/metrics'), name, labels),
    logged: (fits, what, deadlineMs) => until(() => log.find(fits), { what, deadlineMs }),
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
    kill() {
      if (running) child.kill('SIGKILL');
      return exited;
    },
  };
  return worker;
}

function sumOf(text: string, name: string, labels: string): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(\{[^}]*\})? (\S+)/.exec(line);
    if (match?.[1]?.replace(metricPrefix, '') === name && (match[2] ?? '').includes(labels))
      sum += Number(match[3]);
  }
  return sum;
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // This line is no line of our logger but a warning of Node, so it is kept unchanged.
    return { level: 'raw', msg: line };
  }
}

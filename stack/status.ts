import { existsSync } from 'node:fs';
import { StackError } from './errors.ts';
import { type Instance, instanceDir, readInstance } from './instance.ts';
import { logFile, runningProcess } from './processes/processes.ts';
import { PROMETHEUS } from './prometheus/prometheus.ts';
import { serviceProcesses } from './services.ts';
import { servers } from './up.ts';

const ASK_TIMEOUT_MS = 2_000;

export interface ServerStatus {
  server: string;
  address: string;
  /** The pids of the server's processes; null for a process that is not running. */
  pids: (number | null)[];
  answers: boolean;
  problem: string | null;
}

/** Queries each server of the instance once. Throws StackError for an instance that was never created. */
export async function stackStatus(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerStatus[]> {
  const instance = instanceOf(name);
  const dir = instanceDir(name);
  return Promise.all(
    servers.map(async (server) => {
      const external = env[server.variable];
      const address = external || server.address(instance);
      const pids = external
        ? []
        : server.processes(instance).map((process) => runningProcess(dir, process)?.pid ?? null);
      const problem = await server.ask(address, external ? 1 : instance.brokers).then(() => null, message);
      return { server: server.name, address, pids, answers: problem === null, problem };
    }),
  );
}

export interface ServiceStatus {
  service: string;
  pid: number | null;
  /** The base address of /livez, /readyz and /metrics. */
  adminUrl: string;
  readiness: 'ready' | 'not ready' | 'not running';
  /** The reason that the service reports while it is not ready. */
  problem: string | null;
}

/**
 * Queries the readiness of each service of a local run once. Throws StackError for an instance that was never
 * created.
 */
export async function serviceStatus(name: string): Promise<ServiceStatus[]> {
  const instance = instanceOf(name);
  const dir = instanceDir(name);
  return Promise.all(
    serviceProcesses.map(async ({ name: service, adminPort }) => {
      const pid = runningProcess(dir, service)?.pid ?? null;
      const adminUrl = `http://127.0.0.1:${adminPort(instance.ports)}`;
      if (pid === null) return { service, pid, adminUrl, readiness: 'not running', problem: null };
      const problem = await askReady(adminUrl).then(() => null, message);
      return { service, pid, adminUrl, readiness: problem === null ? 'ready' : 'not ready', problem };
    }),
  );
}

/** Resolves if /readyz reports ready. Otherwise rejects with its text. */
export async function askReady(adminUrl: string): Promise<void> {
  const response = await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || `HTTP ${response.status}`);
}

function instanceOf(name: string): Instance {
  const instance = readInstance(name);
  if (instance) return instance;
  throw new StackError(`There is no instance "${name}"; "orderstream stack up --name ${name}" creates it.`);
}

const message = (error: unknown): string => {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = root instanceof Error ? root.message : String(root);
  return text || 'does not answer';
};

/** The paths of the log files of an instance: all files, or the files of one server or service. */
export function stackLogs(name: string, only?: string): string[] {
  const instance = readInstance(name);
  if (!instance) throw new StackError(`There is no instance "${name}".`);
  const dir = instanceDir(name);
  const known = [
    ...servers.flatMap((server) => server.processes(instance)),
    ...serviceProcesses.map((service) => service.name),
    PROMETHEUS,
  ];
  const files = known
    .filter((process) => only === undefined || process === only || process.startsWith(`${only}-`))
    .map((process) => logFile(dir, process))
    .filter((file) => existsSync(file));
  if (files.length === 0) {
    throw new StackError(
      only ? `There is no log of "${only}"; known are ${known.join(', ')}.` : 'There are no logs yet.',
    );
  }
  return files;
}

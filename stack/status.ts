import { existsSync } from 'node:fs';
import { StackError } from './errors.ts';
import { instanceDir, readInstance } from './instance.ts';
import { logFile, runningProcess } from './processes.ts';
import { servers } from './up.ts';

export interface ServerStatus {
  server: string;
  address: string;
  /** Pids of its processes; null for one that is not running. */
  pids: (number | null)[];
  answers: boolean;
  problem: string | null;
}

/** Asks each server of the instance once. An instance that was never made is a StackError. */
export async function stackStatus(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerStatus[]> {
  const instance = readInstance(name);
  if (!instance)
    throw new StackError(`There is no instance "${name}"; "orderstream stack up --name ${name}" makes it.`);
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

const message = (error: unknown): string => {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = root instanceof Error ? root.message : String(root);
  return text || 'does not answer';
};

/** Paths of the log files of an instance: all, or those of one server or service. */
export function stackLogs(name: string, only?: string): string[] {
  const instance = readInstance(name);
  if (!instance) throw new StackError(`There is no instance "${name}".`);
  const dir = instanceDir(name);
  const known = [
    ...servers.flatMap((server) => server.processes(instance)),
    'ingestion',
    'worker-1',
    'worker-2',
    'notification',
    'reconciliation',
    'projector',
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

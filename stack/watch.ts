import { logFile, runningProcess } from './processes/processes.ts';
import { type StackInfo, servers } from './up.ts';

const LOOK_EVERY_MS = 500;

/** A server process of the instance that has ended. */
export interface EndedServer {
  /** Name of the process, for example `kafka-1`. */
  name: string;
  log: string;
}

/**
 * Watches the server processes of the instance until the signal is aborted. Reports the first process that has
 * ended. Does not watch servers from the environment.
 */
export function watchServers(
  { instance, dir }: Pick<StackInfo, 'instance' | 'dir'>,
  signal: AbortSignal,
  onEnd: (server: EndedServer) => void,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const own = servers.filter(({ variable }) => !env[variable]);
  const names = own.flatMap((server) => server.processes(instance));
  const timer = setInterval(() => {
    const name = names.find((each) => runningProcess(dir, each) === null);
    if (name === undefined) return;
    clearInterval(timer);
    onEnd({ name, log: logFile(dir, name) });
  }, LOOK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  timer.unref();
}

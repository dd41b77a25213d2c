import { stopAll, withInstanceLock } from './down.ts';
import { cacheDir } from './downloads/cache.ts';
import { StackError } from './errors.ts';
import { type Instance, type InstanceOptions, instanceDir, openInstance } from './instance.ts';
import { mustBeUsable } from './paths.ts';
import { takenPorts } from './ports.ts';
import { logFile, runningProcess } from './processes/processes.ts';
import { kafka } from './servers/kafka.ts';
import { mariadb } from './servers/mariadb.ts';
import { redis } from './servers/redis.ts';
import { registry } from './servers/registry.ts';
import type { Server, ServerContext, ServerExtras } from './servers/server.ts';
import { waitUntil } from './wait.ts';

export const servers: readonly Server[] = [kafka, registry, mariadb, redis];

/** The addresses of a running instance. Each server is our own or comes from the environment. */
export interface StackInfo {
  name: string;
  kafkaBrokers: string;
  schemaRegistryUrl: string;
  mysqlUrl: string;
  redisUrl: string;
  dir: string;
  instance: Instance;
}

export interface UpOptions extends InstanceOptions {
  /** Called with one line of progress at a time. */
  tell?: (line: string) => void;
  env?: NodeJS.ProcessEnv;
  /**
   * How long to wait for another start or stop of this instance. With 0, the default, the start is refused at
   * once.
   */
  lockWaitMs?: number;
  /** Settings for the servers that this call starts. */
  extras?: ServerExtras;
  /** Ends the start early. The processes of this start are stopped again. */
  signal?: AbortSignal;
}

const INTERRUPTED = 'The start of the stack was interrupted.';
const EXTERNAL_DEADLINE_MS = 10_000;
const CLEANUP_DEADLINE_MS = 5_000;

/**
 * Starts the four servers of an instance and resolves once each has answered a real request. Running servers
 * are kept. A server whose URL is in the environment is queried but not started. If a server fails, this call
 * stops the servers that it has started.
 */
export async function stackUp(options: UpOptions): Promise<StackInfo> {
  mustBeUsable("The instance's folder", instanceDir(options.name));
  mustBeUsable('The cache of downloads', cacheDir());
  return withInstanceLock(options.name, options.lockWaitMs ?? 0, async () => {
    const instance = await openInstance(options);
    const dir = instanceDir(options.name);
    const env = options.env ?? process.env;
    const started: string[] = [];
    const failed = new AbortController();
    const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
    const { tell = () => undefined, extras = {} } = options;
    const context: ServerContext = { instance, dir, extras, signal, tell };
    const run: Run = { env, started };
    const all = servers.map((server) =>
      bringUp(server, context, run).catch((error) => {
        // The first failure ends the other waits, and the caller gets its error.
        failed.abort(error);
        throw error;
      }),
    );
    const results = await Promise.allSettled(all);
    if (results.some((result) => result.status === 'rejected')) {
      await stopAll(options.name, CLEANUP_DEADLINE_MS, (name) => started.includes(name));
      throw options.signal?.aborted ? new StackError(INTERRUPTED) : signal.reason;
    }
    return describe(instance, env);
  });
}

function describe(instance: Instance, env: NodeJS.ProcessEnv): StackInfo {
  const address = (server: Server): string => env[server.variable] || server.address(instance);
  return {
    name: instance.name,
    kafkaBrokers: address(kafka),
    schemaRegistryUrl: address(registry),
    mysqlUrl: address(mariadb),
    redisUrl: address(redis),
    dir: instanceDir(instance.name),
    instance,
  };
}

/** One call of `stackUp`. `started` has the names of the processes that it must stop after a failure. */
interface Run {
  env: NodeJS.ProcessEnv;
  started: string[];
}

async function bringUp(server: Server, context: ServerContext, run: Run): Promise<void> {
  const external = run.env[server.variable];
  if (external) {
    const what = `The server that ${server.variable} names`;
    const wait = { what, deadlineMs: EXTERNAL_DEADLINE_MS, hopeless: () => interrupted(context) };
    await waitUntil(() => server.ask(external, 1), wait);
    context.tell(`${server.name}: using ${server.variable}`);
    return;
  }
  const startedMs = performance.now();
  const { instance, dir } = context;
  const missing = server.processes(instance).filter((name) => !runningProcess(dir, name));
  if (missing.length > 0) {
    await refuseTakenPorts(server, context, missing);
    await server.prepare(context);
    if (context.signal.aborted) throw new StackError(INTERRUPTED);
    run.started.push(...missing);
    await server.start(context, missing);
  }
  await waitUntil(() => server.ask(server.address(instance), instance.brokers), {
    what: `${server.name} (log: ${logFile(dir, server.processes(instance)[0] ?? server.name)})`,
    deadlineMs: server.readyDeadlineMs,
    hopeless: () => interrupted(context) ?? deadProcess(server, context),
  });
  const took = ((performance.now() - startedMs) / 1000).toFixed(1);
  context.tell(`${server.name}: ${missing.length > 0 ? 'ready' : 'was running'} after ${took} s`);
}

async function refuseTakenPorts(server: Server, context: ServerContext, missing: string[]): Promise<void> {
  const taken = await takenPorts(missing.flatMap((name) => server.ports(context.instance, name)));
  if (taken.length === 0) return;
  throw new StackError(
    `Port ${taken.join(' and ')} on 127.0.0.1, which ${server.name} of instance "${context.instance.name}" needs, is taken by another program.`,
  );
}

const interrupted = ({ signal }: ServerContext): string | null => (signal.aborted ? INTERRUPTED : null);

function deadProcess(server: Server, context: ServerContext): string | null {
  const dead = server.processes(context.instance).find((name) => !runningProcess(context.dir, name));
  return dead ? `${dead} ended while it was starting; its log is ${logFile(context.dir, dead)}.` : null;
}

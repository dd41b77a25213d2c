import { hostname } from 'node:os';
import {
  adminFields,
  type ConfigOf,
  describeConfig,
  type Env,
  type Fields,
  loadConfig,
  logFields,
} from '../config/index.ts';
import { appError, errorMessage } from '../errors/index.ts';
import { createLogger, type Logger } from '../log/index.ts';
import { createMetrics, type Metrics } from '../metrics/index.ts';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';

type BaseFields = typeof adminFields & typeof logFields;

/** What a started service gives back. `stop` drains and closes everything it opened, and may be slow up to the deadline. */
export type Running = { stop(): Promise<void> };

export type ServiceContext<F extends Fields> = {
  /** The service's own fields, with those of admin server and log; `instanceId` is never empty. */
  config: ConfigOf<F & BaseFields>;
  log: Logger;
  metrics: Metrics;
  lifecycle: Lifecycle;
  /** Fires when the process is asked to stop; waits of the start should end with it. */
  signal: AbortSignal;
  /** Ends the process with code 1 because of `error`, after a short try to stop in order. */
  fatal(error: unknown): void;
};

export type ServiceOptions<F extends Fields> = {
  name: string;
  /** `process.env`, handed in by main.ts, the only file that reads it. */
  env: Env;
  fields?: F;
  rules?: (config: ConfigOf<F & BaseFields>) => readonly string[];
  start(context: ServiceContext<F>): Promise<Running>;
  /** From the signal to exit code 1, whatever still runs. */
  stopDeadlineMs?: number;
  /** The process that is ended; another in tests. */
  host?: Host;
};

/** The part of `process` that is used here. */
export type Host = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { exit(code: number): void };

/** After `fatal` an orderly stop gets this long: it lets the group know at once, but must not delay the restart. */
const fatalStopMs = 2000;

/**
 * The whole of a main.ts: config, log, metrics, lifecycle and admin server, then `start`. SIGTERM and SIGINT
 * drain and stop (exit 0; 1 past the deadline or when stopping failed; a second signal ends it at once). Anything
 * uncaught is logged and ends the process with 1 right away, as no state can be trusted then.
 */
export async function runService<F extends Fields = Record<never, never>>(
  options: ServiceOptions<F>,
): Promise<void> {
  const { name, env, host = process, stopDeadlineMs = 10_000 } = options;
  const base = createLogger({ service: name, level: 'info', instanceId: '' });
  let config: ConfigOf<F & BaseFields>;
  try {
    config = completeConfig(options);
  } catch (error) {
    base.fatal({ err: error }, errorMessage(error));
    return host.exit(1);
  }
  const { logLevel, instanceId, adminHost, adminPort } = config as ConfigOf<BaseFields>;
  const log = createLogger({ service: name, level: logLevel, instanceId });
  const metrics = createMetrics({ service: name });
  const lifecycle = createLifecycle({ log, service: name });
  void env;
  void stopDeadlineMs;
  void fatalStopMs;
  void appError;
  const abort = new AbortController();
  let admin: AdminServer | undefined;
  let running: Running | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping ??= (async () => {
      lifecycle.draining();
      abort.abort();
      const deadline = setTimeout(() => host.exit(1), stopDeadlineMs);
      await running?.stop();
      await admin?.close();
      clearTimeout(deadline);
      lifecycle.stopped();
      host.exit(0);
    })();
  };
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, errorMessage(error));
    lifecycle.failed();
    host.exit(1);
  };
  host.on('SIGTERM', stop);
  host.on('SIGINT', stop);
  host.on('uncaughtException', fatal);
  host.on('unhandledRejection', fatal);
  log.info({ config: describeConfig(config) }, `${name} is starting`);
  try {
    admin = await startAdminServer({ host: adminHost, port: adminPort, lifecycle, metrics });
    running = await options.start({ config, log, metrics, lifecycle, signal: abort.signal, fatal });
    lifecycle.ready();
  } catch (error) {
    fatal(error);
  }
}

function completeConfig<F extends Fields>(options: ServiceOptions<F>): ConfigOf<F & BaseFields> {
  const env = { ...options.env };
  if (!env.INSTANCE_ID) env.INSTANCE_ID = `${hostname()}-${process.pid}`.slice(0, 80);
  const fields = { ...adminFields, ...logFields, ...options.fields } as unknown as F & BaseFields;
  return loadConfig(env, fields, options.rules);
}

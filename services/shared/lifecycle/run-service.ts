import { hostname } from 'node:os';
import packageJson from '../../../package.json' with { type: 'json' };
import {
  adminFields,
  type ConfigOf,
  configFields,
  createLiveConfig,
  describeConfig,
  type Env,
  expiredFlags,
  type Fields,
  type Live,
  type LiveOf,
  loadConfig,
  logFields,
  type StaticOf,
  withConfigFile,
} from '../config/index.ts';
import { errorMessage } from '../errors/index.ts';
import { createLogger, type Logger, onDroppedLines, setLogLevel } from '../log/index.ts';
import { createMetrics, type Metrics } from '../metrics/index.ts';
import { createTraces, type Traces } from '../trace/index.ts';
import { type AdminPage, type AdminServer, startAdminServer } from './admin-server.ts';
import { createLifecycle, type Lifecycle, lifecycleStates } from './lifecycle.ts';
import { createShutdown, type Host } from './shutdown.ts';

const baseFields = { ...adminFields, ...configFields, ...logFields };

type BaseFields = typeof baseFields;

/** The result of a service's start. `stop` closes everything that the start opened. It is called once. */
export type Running = { stop(): Promise<void> };

export type ServiceContext<F extends Fields> = {
  /**
   * The settings that are read once: the service's own, and those of admin server and log. `instanceId` is never
   * empty.
   */
  config: StaticOf<F & BaseFields>;
  /** The settings that a running process follows. */
  live: Live<LiveOf<F & BaseFields>>;
  log: Logger;
  metrics: Metrics;
  traces: Traces;
  lifecycle: Lifecycle;
  /** Serves `GET path` on the admin port. */
  addPage(path: string, page: AdminPage): void;
  /** Fires when the process must stop. Waits during the start must end with it. */
  signal: AbortSignal;
  /** Ends the process with code 1 because of `error`, after a short orderly stop. */
  fatal(error: unknown): void;
};

export type ServiceOptions<F extends Fields> = {
  name: string;
  /** `process.env`, passed by main.ts, the only file that reads it. */
  env: Env;
  fields?: F;
  /** Cross-field checks, see `loadConfig`. */
  rules?: (config: ConfigOf<F & BaseFields>) => readonly string[];
  /** The service is ready when this function resolves. If it rejects, the process ends with code 1. */
  start(context: ServiceContext<F>): Promise<Running>;
  /**
   * Maximum time from the signal to the end. Then the process exits with code 1, even if work still runs.
   * Default 10,000.
   */
  stopDeadlineMs?: number;
  host?: Host;
};

/** How long an ending service waits for the receiver of its last spans. */
const traceFlushMs = 1_000;

/**
 * Everything that a main.ts does: config, log, metrics, admin server, then `start`. Afterwards a signal,
 * `fatal` or an uncaught error ends the process, as shutdown.ts describes. Never rejects.
 */
export async function runService<F extends Fields = Record<never, never>>(
  options: ServiceOptions<F>,
): Promise<void> {
  const { name, host = process } = options;
  const read = readerOf(options);
  const config = readFirst(options, read);
  if (config === null) return host.exit(1);
  // The type parameter hides the base members from the code below.
  const base = config as unknown as ConfigOf<BaseFields>;
  const log = createLogger({ service: name, level: base.logLevel, instanceId: base.instanceId });
  const metrics = createMetrics({ service: name });
  metrics.set('build_info', 1, { version: packageJson.version });
  const traces = createTraces(packageJson.version, log);
  onDroppedLines((lines) => metrics.inc('log_lines_dropped_total', {}, lines));
  const fields = { ...baseFields, ...options.fields };
  const live = createLiveConfig<LiveOf<F & BaseFields>>({ fields, initial: config, read, log, metrics });
  live.onChange((now) => setLogLevel(log, (now as LiveOf<BaseFields>).logLevel));
  const lifecycle = createLifecycle({ log, service: name });
  const pages = new Map<string, AdminPage>();
  const abort = new AbortController();
  let admin: AdminServer | undefined;
  let starting: Promise<Running | undefined> | undefined;
  const polling = setInterval(() => live.poll(), base.configPollMs);

  const shutdown = createShutdown({
    host,
    log,
    lifecycle,
    stopDeadlineMs: options.stopDeadlineMs ?? 10_000,
    async stop() {
      abort.abort();
      clearInterval(polling);
      const running = await starting?.catch(() => undefined);
      await running?.stop();
      await traces.flush(traceFlushMs);
      await admin?.close();
      metrics.close();
    },
  });

  const begin = async (): Promise<Running | undefined> => {
    admin = await startAdminServer({
      ...{ host: base.adminHost, port: base.adminPort },
      ...{ lifecycle, metrics, pages },
    });
    log.info({ adminPort: admin.port }, 'the admin server is listening');
    // A signal may have arrived during the start.
    if (abort.signal.aborted) return undefined;
    const { signal } = abort;
    const addPage = (path: string, page: AdminPage): void => void pages.set(path, page);
    const own = config as unknown as StaticOf<F & BaseFields>;
    return options.start({
      config: own,
      live,
      log,
      metrics,
      traces,
      lifecycle,
      addPage,
      signal,
      fatal: shutdown.fatal,
    });
  };

  showState(lifecycle, metrics);
  log.info({ config: describeConfig(config) }, `${name} is starting`);
  for (const expired of expiredFlags(fields, Date.now()))
    log.warn(expired, 'a flag has expired; its owner must remove it or give it a new date');
  try {
    starting = begin();
    await starting;
    lifecycle.ready();
  } catch (error) {
    // A start that a signal cancels is not a failure.
    if (lifecycle.state() === 'draining')
      log.info({ reason: errorMessage(error) }, 'a signal cancelled the start');
    else shutdown.fatal(error);
  }
}

type Reader<F extends Fields> = () => ConfigOf<F & BaseFields>;

/** Reads all settings from the environment and from the files that it names. Throws CONFIG_INVALID. */
function readerOf<F extends Fields>({ name, env, fields: own, rules }: ServiceOptions<F>): Reader<F> {
  const named = { ...env, INSTANCE_ID: instanceIdOf(env) };
  const fields = { ...baseFields, ...own } as unknown as F & BaseFields;
  return () => loadConfig(withConfigFile(named, name, fields), fields, rules);
}

function instanceIdOf(env: Env): string {
  return env['INSTANCE_ID'] || `${hostname()}-${process.pid}`.slice(-80);
}

function readFirst<F extends Fields>(
  { name, env }: ServiceOptions<F>,
  read: Reader<F>,
): ConfigOf<F & BaseFields> | null {
  try {
    return read();
  } catch (error) {
    createLogger({ service: name, level: 'info', instanceId: instanceIdOf(env) }).fatal(
      { err: error },
      errorMessage(error),
    );
    return null;
  }
}

function showState(lifecycle: Lifecycle, metrics: Metrics): void {
  const show = (): void => {
    for (const state of lifecycleStates)
      metrics.set('lifecycle_state', state === lifecycle.state() ? 1 : 0, { state });
  };
  show();
  lifecycle.onChange(show);
}

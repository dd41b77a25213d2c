/**
 * `npm start`: from a fresh clone to orders with outcomes. `-- --once` stops everything after the sample
 * orders. It exits with 0 only if each order has the expected outcome and all money is as expected. `-- --observe` also starts a
 * Prometheus with the alert rules of ops/rules. `-- --name other` uses another instance than `dev`.
 */
import { parseArgs } from 'node:util';
import { whenOutputIsLost } from '../services/shared/lifecycle/lost-output.ts';
import {
  claimInstance,
  type EndedServer,
  instanceDir,
  StackError,
  type StackInfo,
  stackDown,
  stackUp,
  startPrometheus,
  watchServers,
} from '../stack/index.ts';
import { logTail } from './start/log-tail.ts';
import { createOrderstream, type Orderstream } from './start/orderstream.ts';
import { type ServiceSpec, serviceSpecs } from './start/services.ts';
import { createSteps, interrupted, type Steps } from './start/steps.ts';
import { createSupervisor, type Supervisor } from './start/supervisor.ts';
import { welcome } from './start/welcome.ts';

/** A stop after Ctrl-C may take 10 s. The services take up to 6 s (supervisor.ts), the servers the rest. */
const SERVERS_STOP_DEADLINE_MS = 3_500;

/** With `--once`, delivered orders close at once. A run that stays keeps the default, so that people can return goods. */
const ONCE_RETURN_WINDOW = '2s';

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort());
/** The reason why the output is lost; null while it has a reader. */
let lostOutput: string | null = null;
whenOutputIsLost((why) => {
  lostOutput = why;
  interrupt.abort();
});
/** The first server that ended by itself; null while all run. */
let endedServer: EndedServer | null = null;
/** This process itself stops the servers that end after this signal. */
const stopping = new AbortController();
process.exitCode = await main();

async function main(): Promise<number> {
  const { values: flags } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      observe: { type: 'boolean', default: false },
      name: { type: 'string', default: 'dev' },
    },
  });
  const steps = createSteps(interrupt.signal);
  try {
    const release = await claimInstance(flags.name);
    const supervisor = createSupervisor(instanceDir(flags.name), steps.tell);
    try {
      await bringUp(flags, steps, supervisor);
    } finally {
      await stop(flags.name, supervisor, steps);
      release();
    }
    return failureOfRun() ?? 0;
  } catch (error) {
    return printFailure(error, flags.once);
  }
}

interface Flags {
  readonly name: string;
  readonly once: boolean;
  readonly observe: boolean;
}

async function bringUp(flags: Flags, steps: Steps, supervisor: Supervisor): Promise<void> {
  const { name, once } = flags;
  const { signal } = interrupt;
  const info = await steps.run('servers', (tell) => stackUp({ name, tell, signal }));
  watchServers(info, AbortSignal.any([signal, stopping.signal]), (server) => stopWithout(server, steps));
  const specs = await serviceSpecs(info, once ? { RETURN_WINDOW: ONCE_RETURN_WINDOW } : {});
  const orderstream = createOrderstream(info, signal, steps.tell);
  await prepare(steps, orderstream);
  await steps.run('services', () => supervisor.start(specs, signal));
  const prometheusUrl = flags.observe ? await observe(info, specs, steps) : null;
  await sendSamples(steps, orderstream, once);
  if (once) return;
  console.log(await welcome({ info, specs, prometheusUrl, elapsedMs: steps.elapsedMs() }));
  await interrupted(signal);
}

/** Starts a Prometheus that scrapes every process of this run. Returns its address. */
function observe({ dir, instance }: StackInfo, specs: readonly ServiceSpec[], steps: Steps): Promise<string> {
  return steps.run('prometheus', async (tell) => {
    const targets = specs.map(({ name, adminUrl }) => ({ instance: name, adminUrl }));
    const { signal } = interrupt;
    const url = await startPrometheus({ dir, port: instance.ports.prometheus, targets, tell, signal });
    tell(`prometheus: ready at ${url}, scrapes ${targets.length} processes`);
    return url;
  });
}

async function prepare(steps: Steps, orderstream: Orderstream): Promise<void> {
  await steps.run('tables', () => orderstream(['migrate']));
  await steps.run('topics', () => orderstream(['topics', 'apply']));
  await steps.run('schemas', () => orderstream(['schemas', 'register']));
  await steps.run('catalogue', () => orderstream(['catalogue', 'import', 'samples/catalogue.csv']));
  await steps.run('coupons and rates', () =>
    Promise.all([
      orderstream(['coupons', 'import', 'samples/coupons.csv']),
      orderstream(['rates', 'import', '--tax', 'samples/tax.csv', '--shipping', 'samples/shipping.csv']),
    ]),
  );
}

async function sendSamples(steps: Steps, orderstream: Orderstream, once: boolean): Promise<void> {
  const expected = once ? ['--expect', 'samples/expected.json'] : [];
  await steps.run('sample orders', () =>
    orderstream(['orders', 'send', 'samples/orders.ndjson', ...expected]),
  );
  await steps.run('sample lives', () => orderstream(['orders', 'live', 'samples/lives.json']));
  if (once) await steps.run('verify', () => orderstream(['verify']));
}

/**
 * Stops the services first, then the servers. Another process that stops this instance at the same time may
 * stop the rest.
 */
async function stop(name: string, supervisor: Supervisor, steps: Steps): Promise<void> {
  const startedMs = performance.now();
  stopping.abort();
  await supervisor.stop();
  try {
    await stackDown(name, { deadlineMs: SERVERS_STOP_DEADLINE_MS });
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    steps.tell('another process starts or stops the servers, so this process does not stop them');
  }
  steps.tell(
    `stopped in ${((performance.now() - startedMs) / 1000).toFixed(1)} s; the data stays in ${instanceDir(name)}`,
  );
}

/** Prints an error and returns the exit code. Ctrl-C is the normal end of a run, except with `--once`. */
function printFailure(error: unknown, once: boolean): number {
  const failure = failureOfRun();
  if (failure !== null) return failure;
  if (interrupt.signal.aborted) return once ? 130 : 0;
  console.error(error instanceof StackError ? error.message : error);
  return 1;
}

/**
 * Stops everything, because the services cannot work without the server. Their logs would only repeat this
 * fault.
 */
function stopWithout(server: EndedServer, steps: Steps): void {
  endedServer = server;
  console.error(`${server.name} ended by itself, so everything is stopped; its log is ${server.log}`);
  for (const line of logTail(server.log)) steps.tell(`${server.name}: ${line}`);
  interrupt.abort();
}

/** The exit code of a run that ended without a request to stop; null for other runs. */
function failureOfRun(): number | null {
  if (lostOutput !== null) return reportLostOutput(lostOutput);
  return endedServer === null ? null : 1;
}

/** A run without a reader is useless, so it ends now. */
function reportLostOutput(why: string): number {
  console.error(`npm start: ${why}, so everything is stopped`);
  return 1;
}

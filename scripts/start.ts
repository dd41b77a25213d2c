/**
 * `npm start`: from a fresh clone to orders with outcomes. `-- --once` stops everything after the sample orders and
 * exits 0 only if each of them came out as expected; `-- --name other` uses another instance than `dev`.
 */
import { parseArgs } from 'node:util';
import {
  claimInstance,
  type EndedServer,
  instanceDir,
  StackError,
  stackDown,
  stackUp,
  watchServers,
  whenOutputIsLost,
} from '../stack/index.ts';
import { logTail } from './start/log-tail.ts';
import { createOrderstream, type Orderstream } from './start/orderstream.ts';
import { serviceSpecs } from './start/services.ts';
import { createSteps, interrupted, type Steps } from './start/steps.ts';
import { createSupervisor, type Supervisor } from './start/supervisor.ts';
import { welcome } from './start/welcome.ts';

/** Services get up to 6 s of the 10 s that a Ctrl-C may take (supervisor.ts), the servers the rest. */
const SERVERS_STOP_DEADLINE_MS = 3_500;

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort());
/** Why nobody reads what we print; null while somebody does. */
let lostOutput: string | null = null;
whenOutputIsLost((why) => {
  lostOutput = why;
  interrupt.abort();
});
/** The first server that ended although nobody asked for it; null while all run. */
let endedServer: EndedServer | null = null;
process.exitCode = await main();

async function main(): Promise<number> {
  const { values: flags } = parseArgs({
    options: { once: { type: 'boolean', default: false }, name: { type: 'string', default: 'dev' } },
  });
  const steps = createSteps(interrupt.signal);
  try {
    const release = await claimInstance(flags.name);
    const supervisor = createSupervisor(instanceDir(flags.name), steps.tell);
    try {
      await bringUp(flags.name, steps, supervisor, flags.once);
    } finally {
      await stop(flags.name, supervisor, steps);
      release();
    }
    return failureOfRun() ?? 0;
  } catch (error) {
    return printFailure(error, flags.once);
  }
}

async function bringUp(name: string, steps: Steps, supervisor: Supervisor, once: boolean): Promise<void> {
  const { signal } = interrupt;
  const info = await steps.run('servers', (tell) => stackUp({ name, tell, signal }));
  watchServers(info, signal, (server) => stopWithout(server, steps));
  const specs = await serviceSpecs(info);
  const orderstream = createOrderstream(info, signal, steps.tell);
  await prepare(steps, orderstream);
  await steps.run('services', () => supervisor.start(specs, signal));
  await sendSamples(steps, orderstream, once);
  if (once) return;
  console.log(await welcome(info, specs, steps.elapsedMs()));
  await interrupted(signal);
}

async function prepare(steps: Steps, orderstream: Orderstream): Promise<void> {
  await steps.run('tables', () => orderstream(['migrate']));
  await steps.run('topics', () => orderstream(['topics', 'apply']));
  await steps.run('schemas', () => orderstream(['schemas', 'register']));
  await steps.run('catalogue', () => orderstream(['catalogue', 'import', 'samples/catalogue.csv']));
}

async function sendSamples(steps: Steps, orderstream: Orderstream, once: boolean): Promise<void> {
  const expected = once ? ['--expect', 'samples/expected.json'] : [];
  await steps.run('sample orders', () =>
    orderstream(['orders', 'send', 'samples/orders.ndjson', ...expected]),
  );
  if (once) await steps.run('verify', () => orderstream(['verify']));
}

/** Services first, then the servers; who else is stopping this instance just now may do the rest instead of us. */
async function stop(name: string, supervisor: Supervisor, steps: Steps): Promise<void> {
  const startedMs = performance.now();
  await supervisor.stop();
  try {
    await stackDown(name, { deadlineMs: SERVERS_STOP_DEADLINE_MS });
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    steps.tell('the servers are left to the process that is starting or stopping them just now');
  }
  steps.tell(
    `stopped in ${((performance.now() - startedMs) / 1000).toFixed(1)} s; the data stays in ${instanceDir(name)}`,
  );
}

/** Ctrl-C is the ordinary end of a run, unless `--once` promised an answer. */
function printFailure(error: unknown, once: boolean): number {
  const failure = failureOfRun();
  if (failure !== null) return failure;
  if (interrupt.signal.aborted) return once ? 130 : 0;
  console.error(error instanceof StackError ? error.message : error);
  return 1;
}

/** The services cannot work without it, and their logs would only say so again and again. */
function stopWithout(server: EndedServer, steps: Steps): void {
  endedServer = server;
  console.error(`${server.name} ended by itself, so everything is stopped; its log is ${server.log}`);
  for (const line of logTail(server.log)) steps.tell(`${server.name}: ${line}`);
  interrupt.abort();
}

/** The exit code of a run that ended although nobody stopped it; null for any other. */
function failureOfRun(): number | null {
  if (lostOutput !== null) return reportLostOutput(lostOutput);
  return endedServer === null ? null : 1;
}

/** A run that nobody watches is no use to anybody, and would be found by the next one only. */
function reportLostOutput(why: string): number {
  console.error(`npm start: ${why}, so everything is stopped`);
  return 1;
}

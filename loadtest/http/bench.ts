/** `bench http`: the API with everything behind it, beside a bare fastify route, on the same machine in the same minutes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { runInChild } from '../frame/child.ts';
import { runRounds } from '../frame/rounds.ts';
import type { BenchOptions, BenchReport, RunResult, Variant } from '../frame/types.ts';
import { figuresOf, goals } from './figures.ts';
import type { Job, Target } from './job.ts';
import { runOverload } from './overload.ts';
import { openStack } from './stack.ts';
import { openWorld, type World } from './world.ts';

const generator = path.join(import.meta.dirname, 'generator.ts');
const bareServer = path.join(import.meta.dirname, 'bare.ts');
const fullRounds = 5;
const quickRounds = 2;
const fullMs = { warmUpMs: 2_000, measureMs: 5_000 };
const quickMs = { warmUpMs: 1_000, measureMs: 2_000 };
/** Enough that the machine is the bound and not the acknowledgement's latency. */
const connections = 256;
const batchConnections = 8;
const batchOrders = 20;
const perSecond = 1_500;
const waitSeconds = 5;
const streams = 10_000;
const besideStreamsPerSecond = 200;
/** Makes the slow world's workers do some hundred orders a second, whatever the machine. */
const slowDatabase = {
  databaseDelayMs: 40,
  workerEnv: { BATCH_ORDERS_MAX: '20', WRITERS: '2' },
  ingestionEnv: { LAG_LIMIT_MS: '2s' },
};

export async function httpBench(options: BenchOptions): Promise<BenchReport> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const stack = await openStack(options.tell);
    closers.push(stack.close);
    const bare = await startBare();
    closers.push(bare.close);
    const world = await openWorld(stack.info, { name: 'fast' });
    closers.push(world.close);
    const slow = await openWorld(stack.info, { name: 'slow', ...slowDatabase });
    closers.push(slow.close);
    const times = options.quick ? quickMs : fullMs;
    const count = options.rounds ?? (options.quick ? quickRounds : fullRounds);
    const rounds = await runRounds(steady(world, bare, times), count, options.tell);
    // What fills a world for a while is run once, or for each round of a full bench.
    const rough = await runRounds(heavy(world, slow, times), options.quick ? 1 : count, options.tell);
    const all = { ...rounds, results: new Map([...rounds.results, ...rough.results]) };
    return { bench: 'http', rounds: all, figures: figuresOf(all), goals };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

type Times = typeof fullMs;

function steady(world: World, bare: Bare, times: Times): Variant[] {
  const run = (name: string, job: (base: Base) => Job): Variant => ({
    name,
    run: (round) => runChecked(world, `${name[0]}${round}-`, times, job),
  });
  return [
    {
      name: 'bare GET',
      run: () =>
        runInChild(generator, {
          ...baseOf(world, 'g', times),
          target: bare.target,
          servicePid: bare.pid,
          kind: 'closed',
          connections,
          ordersEach: 0,
        } satisfies Job),
    },
    run('place', (base) => ({ ...base, kind: 'closed', connections, ordersEach: 1 })),
    run('batch of 20', (base) => ({
      ...base,
      kind: 'closed',
      connections: batchConnections,
      ordersEach: batchOrders,
    })),
    run('place 1500/s', (base) => ({
      ...base,
      keyPrefix: `c${base.keyPrefix}`,
      kind: 'open',
      perSecond,
      waitSeconds: 0,
      refusalsCount: false,
    })),
    run('wait 1500/s', (base) => ({
      ...base,
      kind: 'open',
      perSecond,
      waitSeconds,
      refusalsCount: false,
    })),
  ];
}

function heavy(world: World, slow: World, times: Times): Variant[] {
  return [
    { name: 'overload', run: (round) => runOverload(slow, `o${round}-`, times.measureMs * 2) },
    {
      name: '10,000 streams',
      run: (round) =>
        runChecked(world, `s${round}-`, times, (base) => ({
          ...base,
          kind: 'streams',
          streams,
          perSecond: besideStreamsPerSecond,
          tokens: base.tokens.slice(0, 1),
        })),
    },
  ];
}

type Base = ReturnType<typeof baseOf>;

function baseOf(world: World, keyPrefix: string, times: Times) {
  const { target, tokens, skuCount, servicePid, databasePid } = world;
  return { target, tokens, skuCount, servicePid, databasePid, keyPrefix, ...times };
}

/** Runs a job, waits for all outcomes, and compares what was accepted with what is stored. */
async function runChecked(
  world: World,
  keyPrefix: string,
  times: Times,
  job: (base: Base) => Job,
): Promise<RunResult> {
  const made = job(baseOf(world, keyPrefix, times));
  const result = await runInChild(generator, made);
  await world.quiesce();
  if (!result.ok) return result;
  const accepted = result.sample.more?.['accepted'];
  const stored = await world.countOrders(made.keyPrefix);
  if (stored === accepted) return result;
  return { ok: false, problem: `${accepted} orders were accepted and ${stored} stored` };
}

interface Bare {
  readonly target: Target;
  readonly pid: number;
  close(): Promise<void>;
}

async function startBare(): Promise<Bare> {
  const child: ChildProcess = fork(bareServer, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const { hostname, port } = new URL(url);
  return {
    target: { host: hostname, port: Number(port) },
    pid: child.pid!,
    async close() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

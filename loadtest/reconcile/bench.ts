/**
 * `bench reconcile` measures `orderstream reconcile` over a million orders, and its cost for the workers. Most orders are
 * paid, and some are cancelled and refunded. The workers have more commands than they can decide. They run alternately
 * alone and together with `orderstream reconcile`. Then the bench repeats this at half of their capacity. A quick run has
 * fewer orders and scales its seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { processCpuUs } from '../frame/cpu.ts';
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import { rateOf } from '../frame/statistics.ts';
import type { BenchOptions, BenchReport, RunResult, Sample } from '../frame/types.ts';
import { beside, besideHalf, figuresOf, goals } from './figures.ts';
import { type Reconciled, runReconcile } from './run.ts';
import { openWorld, type World } from './world.ts';

/**
 * There are only a few rounds, because each round makes the logs longer. Every reconcile reads them from their
 * beginning.
 */
const full = { orders: 1_000_000, rounds: 2, aloneMs: 15_000 };
const quick = { orders: 200_000, rounds: 1, aloneMs: 8_000 };
const million = 1_000_000;
/** Wait before each measurement, so that no work of the previous one is in flight. */
const settleMs = 2_000;

export async function reconcileBench(options: BenchOptions): Promise<BenchReport> {
  const { orders, rounds, aloneMs } = options.quick ? quick : full;
  const stack = await openStack(options.tell);
  try {
    const world = await openWorld(stack.info);
    try {
      const perSecond = (await fill(world, orders, options.tell)) / 2;
      const variants = [
        { name: beside, run: () => underLoad(world, {}, () => runBeside(world, aloneMs, options.tell)) },
        {
          name: besideHalf,
          run: () => underLoad(world, { perSecond }, () => runBeside(world, 0, options.tell)),
        },
      ];
      const results = await runRounds(variants, options.rounds ?? rounds, options.tell);
      return { bench: 'reconcile', rounds: results, figures: figuresOf(results), goals };
    } finally {
      await world.close();
    }
  } finally {
    await stack.close();
  }
}

/** Sends the orders. Returns how many orders per second the workers decided. */
async function fill(world: World, orders: number, tell: (line: string) => void): Promise<number> {
  tell(`filling: ${orders} orders through the workers`);
  const startedMs = performance.now();
  await world.pump.run({ upTo: orders });
  await world.quiesce();
  const perSecond = orders / ((performance.now() - startedMs) / 1_000);
  tell('filling: payments, cancels and refunds of these orders');
  await world.addMoney();
  return perSecond;
}

async function underLoad(
  world: World,
  load: { perSecond?: number },
  run: () => Promise<RunResult>,
): Promise<RunResult> {
  const pumping = world.pump.run(load);
  try {
    await sleep(settleMs);
    return await run();
  } finally {
    await world.pump.pause();
    await pumping;
  }
}

/** @param aloneMs duration of the measurement without reconcile, before and after it; 0 skips this measurement */
async function runBeside(world: World, aloneMs: number, tell: (line: string) => void): Promise<RunResult> {
  let run: Reconciled = { seconds: 0, outcomes: 0, findings: 0, cpuUs: 0, rssMb: 0, phases: [] };
  const before = await measure(world, () => sleep(aloneMs));
  const sample = await measure(world, async () => {
    run = await runReconcile(world.env);
  });
  const after = await measure(world, () => sleep(aloneMs));
  const phases = run.phases.map(({ name, elapsedMs }) => `${name} ${(elapsedMs / 1_000).toFixed(1)} s`);
  tell(`${run.outcomes} outcomes in ${run.seconds.toFixed(1)} s: ${phases.join(', ')}`);
  if (run.findings > 0) return { ok: false, problem: `${run.findings} findings without a difference` };
  const alonePerSecond = (before.orders + after.orders) / (before.seconds + after.seconds);
  const more = {
    secondsPerMillion: (run.seconds * million) / run.outcomes,
    compared: run.outcomes,
    cpuUsPerOrder: run.cpuUs / run.outcomes,
    rssMb: run.rssMb,
    alonePerSecond,
    ofAlone: rateOf(sample) / alonePerSecond,
  };
  return { ok: true, sample: { ...sample, more } };
}

/** Measures the orders that the workers decide during `work`. */
async function measure(world: World, work: () => Promise<unknown>): Promise<Sample> {
  const cpu = () => ({
    node: world.workers.reduce((sum, { pid }) => sum + (processCpuUs(pid) ?? 0), 0),
    database: processCpuUs(world.databasePid) ?? 0,
  });
  const before = { decided: await world.decided(), cpu: cpu(), ms: performance.now() };
  await work();
  const orders = (await world.decided()) - before.decided;
  const used = cpu();
  return {
    orders,
    seconds: (performance.now() - before.ms) / 1_000,
    cpuUs: {
      node: (used.node - before.cpu.node) / orders,
      database: (used.database - before.cpu.database) / orders,
    },
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    batch: Number.NaN,
    rssMb: Number.NaN,
  };
}

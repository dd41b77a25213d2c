/**
 * `bench http` compares the API of the whole product with a bare fastify route. Both run on the same machine at the
 * same time.
 */
import { runRounds } from '../frame/rounds.ts';
import { type BenchStack, openStack } from '../frame/stack.ts';
import type { BenchOptions, BenchReport, Rounds, Variant } from '../frame/types.ts';
import { startBare } from './bare-process.ts';
import { callbackEnv, callbackVariant } from './callbacks.ts';
import { figuresOf, goals } from './figures.ts';
import { runOverload } from './overload.ts';
import { aloneVariants, streamVariant, type Times, wholeVariants } from './variants.ts';
import { openWorld } from './world.ts';

const fullRounds = 5;
const quickRounds = 2;
const fullTimes: Times = { warmUpMs: 3_000, measureMs: 6_000 };
const quickTimes: Times = { warmUpMs: 2_000, measureMs: 3_000 };
/** The settings of an instance that never refuses. While the worker does not run, accepted orders count as lag. */
const patient = { LAG_LIMIT_MS: '1h' };
/** Slows the database, so that the workers process only some hundred orders per second on any machine. */
const slowDatabase = { databaseDelayMs: 24, workerEnv: { BATCH_ORDERS_MAX: '20', WRITERS: '2' } };
const strict = { LAG_LIMIT_MS: '4s' };

export async function httpBench(options: BenchOptions): Promise<BenchReport> {
  const times = options.quick ? quickTimes : fullTimes;
  const count = options.rounds ?? (options.quick ? quickRounds : fullRounds);
  // Each of these runs takes long, because it fills a world.
  const heavyCount = options.quick ? 1 : count;
  const stack = await openStack(options.tell);
  try {
    const fast = await onFastWorld(stack, options, { times, count, heavyCount });
    const slow = await onSlowWorld(stack, options, { times, count: heavyCount });
    const rounds = { ...fast, results: new Map([...fast.results, ...slow.results]) };
    return { bench: 'http', rounds, figures: figuresOf(rounds), goals };
  } finally {
    await stack.close();
  }
}

async function onFastWorld(
  stack: BenchStack,
  { only, tell }: BenchOptions,
  { times, count, heavyCount }: { times: Times; count: number; heavyCount: number },
): Promise<Rounds> {
  const bare = await startBare();
  const world = await openWorld(stack, { name: 'fast', ingestionEnvs: [{ ...patient, ...callbackEnv }] });
  try {
    const light = [
      ...aloneVariants(world, bare, times),
      ...wholeVariants(world, times),
      callbackVariant(world, times),
    ];
    const rounds = await runRounds(asked(light, only), count, tell);
    const heavy = await runRounds(asked([streamVariant(world, times)], only), heavyCount, tell);
    return { ...rounds, results: new Map([...rounds.results, ...heavy.results]) };
  } finally {
    await world.close();
    await bare.close();
  }
}

async function onSlowWorld(
  stack: BenchStack,
  { only, tell }: BenchOptions,
  { times, count }: { times: Times; count: number },
): Promise<Rounds> {
  const variant: Variant = {
    name: 'overload',
    async run(round) {
      return runOverload(world, {
        keyPrefix: `o${round}-`,
        measureMs: times.measureMs * 2,
      });
    },
  };
  if (asked([variant], only).length === 0) return runRounds([], count, tell);
  const world = await openWorld(stack, { name: 'slow', ...slowDatabase, ingestionEnvs: [strict, patient] });
  try {
    await world.startWorker();
    return await runRounds([variant], count, tell);
  } finally {
    await world.close();
  }
}

function asked(variants: readonly Variant[], only: readonly string[] | null): Variant[] {
  return variants.filter(({ name }) => only === null || only.includes(name));
}

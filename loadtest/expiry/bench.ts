/**
 * `bench expiry` measures how late unpaid orders expire when many become due at once: 100,000 within a minute. Meanwhile
 * orders are placed at half of the capacity. Ingestion, the worker and the scheduler are separate processes. A quick run
 * has the same rate for a quarter of the time.
 */
import { runRounds } from '../frame/rounds.ts';
import { startService } from '../frame/service-process.ts';
import { openStack } from '../frame/stack.ts';
import type { BenchOptions, BenchReport } from '../frame/types.ts';
import { openWorld } from '../http/world.ts';
import { figuresOf, goals, storm } from './figures.ts';
import { runStorm } from './storm.ts';

const full = { orders: 100_008, spanMs: 60_000, rounds: 3 };
const quick = { orders: 25_008, spanMs: 15_000, rounds: 1 };
/** Ingestion never refuses. While orders wait, they count as lag. */
const patient = { LAG_LIMIT_MS: '1h', LOOP_DELAY_LIMIT_MS: '10s', PRODUCE_AGE_LIMIT_MS: '10s' };

export async function expiryBench(options: BenchOptions): Promise<BenchReport> {
  const { rounds: count, ...what } = options.quick ? quick : full;
  const stack = await openStack(options.tell);
  try {
    const world = await openWorld(stack, { name: 'expiry', ingestionEnvs: [patient] });
    try {
      await world.startWorker();
      const scheduler = await startService(
        'scheduler',
        { ...world.env, INSTANCE_ID: 'bench' },
        'scheduler is ready',
      );
      try {
        const variant = { name: storm, run: (round: number) => runStorm(world, { ...what, round }) };
        const rounds = await runRounds([variant], options.rounds ?? count, options.tell);
        return { bench: 'expiry', rounds, figures: figuresOf(rounds), goals };
      } finally {
        await scheduler.stop();
      }
    } finally {
      await world.close();
    }
  } finally {
    await stack.close();
  }
}

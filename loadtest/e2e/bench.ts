/**
 * `bench e2e`: from the HTTP request to the published outcome with every service running, compared with two
 * reference designs.
 */
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import type { BenchOptions, BenchReport } from '../frame/types.ts';
import { type MakeDesign, openArena, type Times } from './arena.ts';
import { figuresOf, goals } from './figures.ts';
import { productDesign } from './product.ts';
import { planned, variantsOf } from './variants.ts';

const fullRounds = 3;
const quickRounds = 2;
const fullTimes: Times = { startUpMs: 5_000, warmUpMs: 2_000, measureMs: 6_000 };
const quickTimes: Times = { startUpMs: 3_000, warmUpMs: 1_000, measureMs: 3_000 };

const makers: Readonly<Record<string, MakeDesign>> = {
  ours: productDesign,
};

export async function e2eBench(options: BenchOptions): Promise<BenchReport> {
  const times = options.quick ? quickTimes : fullTimes;
  const stack = await openStack(options.tell);
  try {
    const plan = planned(options.quick).filter(({ name }) => options.only?.includes(name) ?? true);
    const asked = new Set(plan.map(({ design }) => design));
    const wanted = Object.fromEntries(Object.entries(makers).filter(([name]) => asked.has(name)));
    const arena = await openArena(stack, wanted, times);
    try {
      const count = options.rounds ?? (options.quick ? quickRounds : fullRounds);
      const rounds = await runRounds(variantsOf(arena, plan), count, options.tell);
      return { bench: 'e2e', rounds, figures: figuresOf(rounds), goals };
    } finally {
      await arena.close();
    }
  } finally {
    await stack.close();
  }
}

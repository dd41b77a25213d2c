/**
 * `bench e2e` measures the whole path from the HTTP request to the published outcome, with every service running. It
 * compares the product with two reference designs.
 */
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import type { BenchOptions, BenchReport, Rounds } from '../frame/types.ts';
import { type MakeDesign, openArena, type Times } from './arena.ts';
import { figuresOf, goals } from './figures.ts';
import { productDesign, tracedProductDesign } from './product.ts';
import { articlesDesign, asyncDesign } from './reference-design.ts';
import { type Planned, planned, variantsOf } from './variants.ts';

const fullRounds = 3;
const quickRounds = 2;
const fullTimes: Times = { startUpMs: 5_000, warmUpMs: 2_000, measureMs: 6_000 };
const quickTimes: Times = { startUpMs: 4_000, warmUpMs: 1_000, measureMs: 3_000 };

const makers: Readonly<Record<string, MakeDesign>> = {
  ours: productDesign,
  'ours/traces': tracedProductDesign,
  articles: (own, jwks) => articlesDesign(own, jwks),
  async: (own, jwks) => asyncDesign(own, jwks),
};

export async function e2eBench(options: BenchOptions): Promise<BenchReport> {
  const { quick, only, tell } = options;
  const plan = planned(quick).filter(({ name }) => only?.includes(name) ?? true);
  const times = quick ? quickTimes : fullTimes;
  const count = options.rounds ?? (quick ? quickRounds : fullRounds);
  const rounds = await runPlan(plan, { times, count, tell });
  return { bench: 'e2e', rounds, figures: figuresOf(rounds), goals };
}

export interface PlanOptions extends Pick<BenchOptions, 'tell'> {
  readonly times: Times;
  readonly count: number;
}

/** Runs the variants in turn. Creates only the designs of these variants. */
export async function runPlan(
  plan: readonly Planned[],
  { times, count, tell }: PlanOptions,
): Promise<Rounds> {
  const asked = new Set(plan.map(({ design }) => design));
  const wanted = Object.fromEntries(Object.entries(makers).filter(([name]) => asked.has(name)));
  const stack = await openStack(tell);
  try {
    const arena = await openArena(stack, wanted, times);
    try {
      return await runRounds(variantsOf(arena, plan), count, tell);
    } finally {
      await arena.close();
    }
  } finally {
    await stack.close();
  }
}

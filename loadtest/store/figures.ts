/** The figures of the store bench, and their required values. */
import { fastest, figure, perRun, rateOf, ratios } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds, RunResult } from '../frame/types.ts';

export const goals: Readonly<Record<string, Goal>> = {
  'store.uniform.vs_usual': { atLeast: 10, aim: 14 },
  'store.hot.vs_usual': { atLeast: 11, aim: 16 },
  'store.hot.vs_uniform': { atLeast: 1, aim: 1.3 },
  'store.rules': { atLeast: 0.85, aim: 0.95 },
  'store.hot_coupon': { atLeast: 0.8, aim: 0.95 },
  'store.commands_vs_place': { atLeast: 0.7, aim: 1 },
  'store.lives': { atLeast: 0.7, aim: 1 },
  'store.vs_load_data': { atLeast: 0.4, aim: 0.6 },
  'store.at_3m': { atLeast: 0.8, aim: 0.95 },
  'store.exactly_once': { atLeast: 0.9, aim: 0.95 },
  'store.rss_mb': { atMost: 200, aim: 150 },
};

/**
 * The figures of the variants that ran. For the usual design, the best number of connections over all rounds counts.
 */
export function figuresOf({ results }: Rounds): Figure[] {
  const runs = (name: string): readonly RunResult[] => results.get(name) ?? [];
  const usual = (shape: string) => runs(bestUsual(results, shape));
  const uniform = runs('ours uniform');
  const bare = runs('ours without rules');
  const figures = [
    figure('store.uniform.vs_usual', 'ratio', ratios(uniform, usual('uniform'))),
    figure('store.hot.vs_usual', 'ratio', ratios(runs('ours hot'), usual('hot'))),
    figure('store.hot.vs_uniform', 'ratio', ratios(runs('ours hot'), uniform)),
    figure('store.sold_out.vs_usual', 'ratio', ratios(runs('ours soldOut'), usual('soldOut'))),
    figure('store.rules', 'ratio', ratios(uniform, bare)),
    figure('store.hot_coupon', 'ratio', ratios(runs('ours one coupon'), bare)),
    figure('store.commands_vs_place', 'ratio', ratios(runs('ours pay and cancel'), bare)),
    // Each life has four commands, so this is 4 × lives/s through places/s.
    figure('store.lives', 'ratio', ratios(runs('ours whole lives'), bare)),
    figure('store.vs_load_data', 'ratio', ratios(bare, runs('LOAD DATA'))),
    figure('store.exactly_once', 'ratio', ratios(bare, runs('ours not exactly-once'))),
    figure(
      'store.rss_mb',
      'MB',
      perRun(uniform, (sample) => sample.rssMb),
    ),
    figure('store.uniform.orders_per_s', 'orders/s', perRun(uniform, rateOf)),
  ];
  if (results.has('ours at 3 million')) {
    figures.push(figure('store.at_3m', 'ratio', ratios(runs('ours at 3 million'), bare)));
  }
  return figures;
}

function bestUsual(results: Rounds['results'], shape: string): string {
  return fastest(
    results,
    [...results.keys()].filter((name) => name.startsWith(`usual ${shape} `)),
  );
}

/** The figures of the expiry bench, and their required values. */
import { figure, perRun } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds } from '../frame/types.ts';

export const storm = 'storm';

export const goals: Readonly<Record<string, Goal>> = {
  'expiry.peak_lag_s': { atMost: 10, aim: 5 },
  'expiry.place_kept': { atLeast: 0.8, aim: 0.95 },
};

export function figuresOf({ results }: Rounds): Figure[] {
  const more = (field: string) =>
    perRun(results.get(storm) ?? [], (sample) => sample.more?.[field] ?? Number.NaN);
  return [
    figure('expiry.peak_lag_s', 's', more('peakLagS')),
    figure('expiry.p50_lag_s', 's', more('p50LagS')),
    figure('expiry.place_kept', 'ratio', more('kept')),
    figure('expiry.capacity_per_s', 'orders/s', more('capacity')),
    figure('expiry.repeats', 'commands', more('repeats')),
  ];
}

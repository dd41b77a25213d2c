/** The figures of the reconciliation bench, and their required values. */
import { figure, perRun } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds } from '../frame/types.ts';

export const beside = 'full load, beside reconcile';
export const besideHalf = 'half load, beside reconcile';

export const goals: Readonly<Record<string, Goal>> = {
  'reconcile.million_s': { atMost: 60, aim: 40 },
  'reconcile.worker_throughput': { atLeast: 0.9, aim: 0.95 },
};

/**
 * The figures of the rounds. Seconds per million orders are scaled, because a quick run has fewer orders. The
 * duration is measured while the workers run at half of their capacity. The cost for the workers is measured at full
 * capacity. It compares their rate with their rate alone, right before and right after.
 */
export function figuresOf({ results }: Rounds): Figure[] {
  const full = results.get(beside) ?? [];
  const half = results.get(besideHalf) ?? [];
  const more = (name: string, runs = full) => perRun(runs, (sample) => sample.more?.[name] ?? Number.NaN);
  return [
    figure('reconcile.million_s', 's', more('secondsPerMillion', half)),
    figure('reconcile.million_at_full_load_s', 's', more('secondsPerMillion')),
    figure('reconcile.worker_throughput', 'ratio', more('ofAlone')),
    figure('reconcile.compared_orders', 'orders', more('compared')),
    figure('reconcile.cpu_us_per_order', 'µs', more('cpuUsPerOrder')),
    figure('reconcile.rss_mb', 'MB', more('rssMb')),
    figure('reconcile.workers_alone_orders_per_s', 'orders/s', more('alonePerSecond')),
  ];
}

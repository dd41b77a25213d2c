/** The figures of the subscribers' bench, and their required values. */
import { figure, perRun, rateOf } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds, RunResult } from '../frame/types.ts';

export const goals: Readonly<Record<string, Goal>> = {
  'notify.rows_per_s': { atLeast: 3_000, aim: 6_000 },
  'notify.rows_per_core_s': { atLeast: 3_000, aim: 6_000 },
  'notify.webhook_p95_ms': { atMost: 500, aim: 100 },
  'notify.hung_endpoint_p95_ratio': { atMost: 1.2, aim: 1.05 },
  'notify.hung_endpoint_p99_ratio': { atMost: 2, aim: 1.2 },
  'state.snapshot_s': { atMost: 30, aim: 10 },
};

/** The unit of a figure contains `snapshotOrders`, because a quick run reads fewer orders. */
export function figuresOf({ results }: Rounds, snapshotOrders: number): Figure[] {
  const runs = (name: string): readonly RunResult[] => results.get(name) ?? [];
  const more = (name: string, field: string) =>
    perRun(runs(name), (sample) => sample.more?.[field] ?? Number.NaN);
  /** The cost of one hanging receiver for the others, round by round. */
  const hungRatio = (field: string): (number | null)[] => {
    const quiet = more('300/s', field);
    return more('300/s, one hangs', field).map((ms, round) =>
      ms === null || quiet[round] == null ? null : ms / quiet[round],
    );
  };
  return [
    // The rate by wall clock, and the rate by the CPU time of the notification process with all its threads.
    figure('notify.rows_per_s', 'rows/s', perRun(runs('rows'), rateOf)),
    figure(
      'notify.rows_per_core_s',
      'rows/CPU s',
      perRun(runs('rows'), (sample) => 1e6 / (sample.cpuUs['node'] ?? Number.NaN)),
    ),
    figure('notify.posts_per_s', 'posts/s', perRun(runs('rows and posts'), rateOf)),
    figure('notify.webhook_p95_ms', 'ms', more('300/s', 'p95Ms')),
    figure('notify.hung_endpoint_p95_ratio', 'ratio', hungRatio('othersP95Ms')),
    figure('notify.hung_endpoint_p99_ratio', 'ratio', hungRatio('othersP99Ms')),
    figure(
      'state.snapshot_s',
      `s for ${snapshotOrders} orders`,
      perRun(runs('snapshot'), (sample) => sample.seconds),
    ),
  ];
}

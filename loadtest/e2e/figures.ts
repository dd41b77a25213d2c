/** The figures of the end-to-end bench, and their required values. */
import { figure, perRun } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds, RunResult } from '../frame/types.ts';

export const goals: Readonly<Record<string, Goal>> = {
  'e2e.outcome_p50_ms': { atMost: 50, aim: 30 },
  'e2e.outcome_p95_ms': { atMost: 100, aim: 60 },
};

export function figuresOf({ results }: Rounds): Figure[] {
  const runs = (name: string): readonly RunResult[] => results.get(name) ?? [];
  const more = (name: string, field: string) =>
    perRun(runs(name), (sample) => sample.more?.[field] ?? Number.NaN);
  return [
    figure(
      'e2e.outcome_p50_ms',
      'ms',
      perRun(runs('ours 64'), ({ p50Ms }) => p50Ms),
    ),
    figure('e2e.outcome_p95_ms', 'ms', more('ours 64', 'p95Ms')),
  ];
}

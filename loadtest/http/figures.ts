/** The figures of the HTTP bench, and their required values. */
import { figure, perRun, ratios } from '../frame/statistics.ts';
import type { Figure, Goal, Rounds, RunResult } from '../frame/types.ts';

export const goals: Readonly<Record<string, Goal>> = {
  'http.post.vs_bare_get': { atLeast: 0.25, aim: 0.35 },
  'grpc.place.vs_http': { atLeast: 0.7, aim: 1 },
  'http.batch.vs_single': { atLeast: 3, aim: 4.5 },
  'http.p95_ms': { atMost: 20, aim: 10 },
  'http.p99_ms': { atMost: 40, aim: 20 },
  'http.wait_p95_ms': { atMost: 60, aim: 40 },
  'http.callback_p95_ms': { atMost: 40, aim: 20 },
  'http.overload_goodput': { atLeast: 0.9, aim: 0.95 },
  'http.refusal_p99_ms': { atMost: 20, aim: 10 },
  'http.sse_kb_per_client': { atMost: 30, aim: 15 },
  'http.sse_place_p99': { atMost: 2, aim: 1.3 },
};

export function figuresOf({ results }: Rounds): Figure[] {
  const runs = (name: string): readonly RunResult[] => results.get(name) ?? [];
  const more = (name: string, field: string) =>
    perRun(runs(name), (sample) => sample.more?.[field] ?? Number.NaN);
  return [
    figure('http.post.vs_bare_get', 'ratio', ratios(runs('place'), runs('bare GET'))),
    figure('grpc.place.vs_http', 'ratio', ratios(runs('place over gRPC'), runs('place'))),
    figure('http.batch.vs_single', 'ratio', ratios(runs('batch of 20'), runs('place'))),
    figure('http.p95_ms', 'ms', more('place 1500/s', 'p95Ms')),
    figure(
      'http.p99_ms',
      'ms',
      perRun(runs('place 1500/s'), (sample) => sample.p99Ms),
    ),
    figure('http.wait_p95_ms', 'ms', more('wait 1500/s', 'p95Ms')),
    figure('http.callback_p95_ms', 'ms', more('callbacks 300/s', 'p95Ms')),
    figure('http.overload_goodput', 'ratio', more('overload', 'goodput')),
    figure('http.refusal_p99_ms', 'ms', more('overload', 'refusalP99Ms')),
    figure('http.sse_kb_per_client', 'kB', more('10,000 streams', 'streamKb')),
    figure(
      'http.sse_place_p99',
      'ratio',
      perRun(runs('10,000 streams'), (sample) => sample.p99Ms / (sample.more?.['p99AloneMs'] ?? Number.NaN)),
    ),
  ];
}

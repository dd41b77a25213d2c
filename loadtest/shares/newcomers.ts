/**
 * Measures the latency of the first responses to hundreds of new callers, which start together beside a known caller.
 */

import { openConnection } from '../client/connection.ts';
import type { Target } from '../client/job.ts';
import type { Sample } from '../frame/types.ts';
import { type ModestRun, runModest, sampleOf } from './modest.ts';
import { place } from './ways.ts';

export interface NewcomersRun extends ModestRun {
  /** The tokens of callers that have not sent a request yet. */
  readonly newTokens: readonly string[];
}

/** Returns the sample of the first responses. `knownP99Ms` is the p99 of the known caller in the same seconds. */
export async function runNewcomers(run: NewcomersRun): Promise<Sample> {
  const known = runModest(run);
  const connections = run.newTokens.map((token, n) =>
    openNewcomer(run.target, token, `${run.keyPrefix}n${n}`),
  );
  const ready = await Promise.all(connections);
  await new Promise((resolve) => setTimeout(resolve, run.warmUpMs + run.measureMs / 2));
  const startedMs = performance.now();
  const latencies = await Promise.all(ready.map(({ ask }) => ask(startedMs)));
  const { p99Ms } = await known;
  for (const { close } of ready) close();
  return { ...sampleOf(latencies, run.measureMs / 1000), more: { knownP99Ms: p99Ms } };
}

async function openNewcomer(target: Target, token: string, key: string) {
  const answered = Promise.withResolvers<number>();
  // A later step handles this rejection. Until then Node must not treat it as unhandled.
  answered.promise.catch(() => undefined);
  let startMs = 0;
  const connection = await openConnection(target, {
    onAnswer({ status, body }) {
      if (status === 202) answered.resolve(performance.now() - startMs);
      else answered.reject(new Error(`a newcomer got ${status}: ${body.slice(0, 200)}`));
    },
    onBroken: (reason) => answered.reject(new Error(reason)),
  });
  return {
    ask(atMs: number): Promise<number> {
      startMs = atMs;
      connection.send(Buffer.from(place(token, key)));
      return answered.promise;
    },
    close: () => connection.close(),
  };
}

/** The numbers of a run. */
import { build, type Histogram } from 'hdr-histogram-js';
import type { OrderResult } from './answers.ts';

export interface Latencies {
  /** `weight`: how many values this one represents. */
  record(ms: number, weight?: number): void;
  /** In milliseconds. */
  quantile(percent: number): number;
  readonly max: number;
  /** Number of values that were recorded, whatever their weight. */
  readonly count: number;
}

export interface Tally {
  /** Number of orders that were due. */
  asked: number;
  /** HTTP requests that were sent. */
  requests: number;
  /** Number of requests that repeat the keys of an earlier one. */
  retries: number;
  accepted: number;
  /** Orders that got a final refusal, by status and problem code. */
  readonly refused: Map<string, number>;
  /** Number of orders whose last request got no answer. They may exist. */
  unanswered: number;
  /** Number of orders whose request was never sent. */
  notSent: number;
  /** Requests by status and problem code, or by the reason why there was no answer. */
  readonly answers: Map<string, number>;
  /** Number of answers and results that the scenario does not expect. */
  errors: number;
  /** Times from the due time to the answer that accepts all orders of a request. */
  readonly latency: Latencies;
  /** Times from the due time to the outcome, of the orders in the sample. */
  readonly outcomeLatency: Latencies;
}

const slowestUs = 3_600_000_000;

export function createTally(): Tally {
  return {
    asked: 0,
    requests: 0,
    retries: 0,
    accepted: 0,
    refused: new Map(),
    unanswered: 0,
    notSent: 0,
    answers: new Map(),
    errors: 0,
    latency: createLatencies(),
    outcomeLatency: createLatencies(),
  };
}

function createLatencies(): Latencies {
  const histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: slowestUs,
    numberOfSignificantValueDigits: 3,
  });
  let max = 0;
  let count = 0;
  return {
    record(ms, weight = 1) {
      count += 1;
      max = Math.max(max, ms);
      histogram.recordValueWithCount(Math.min(slowestUs, Math.max(1, Math.round(ms * 1_000))), weight);
    },
    quantile: (percent) => Math.min(max, histogram.getValueAtPercentile(percent) / 1_000),
    get max() {
      return max;
    },
    get count() {
      return count;
    },
  };
}

export function add(counts: Map<string, number>, name: string, n = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + n);
}

/** `503 OVERLOADED`, or only the status if there is no code. */
export function labelOf({ status, code }: { readonly status: number; readonly code: string | null }): string {
  return code === null ? String(status) : `${status} ${code}`;
}

/** Whether an answer or a result is an error in a scenario that expects refusals or does not. */
export function isError(result: OrderResult, refusalsExpected: boolean): boolean {
  if (result.kind === 'accepted') return false;
  return !(refusalsExpected && (result.status === 503 || result.status === 429));
}

/** The state that sender and follower of a run share: the accepted orders, the totals, and progress. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { OrderApi, OrderResource } from './order-api.ts';
import { createGates, createSignals } from './pace.ts';
import { type CountedOrder, emptySummary, type SendSummary } from './summary.ts';

export interface SendDeps {
  api: OrderApi;
  /** Called on every change. It must be cheap and limit its own output. */
  onProgress?(progress: { sent: number; accepted: number; settled: number; following: number }): void;
  /** Maximum requests in flight that place orders. Each has up to `BATCH_ORDERS` orders. */
  placesMax?: number;
  /** Maximum requests in flight that read outcomes. */
  readsMax?: number;
  /** Maximum accepted orders without a known outcome. Beyond this number, the read of the file pauses. */
  followingMax?: number;
  stallMs?: number;
}

/** An accepted order, from its first accepted line until its outcome is known. */
export interface Followed extends CountedOrder {
  customerId: string;
  statusUrl: string;
}

export interface Run {
  api: OrderApi;
  summary: SendSummary;
  /** The accepted orders, by order id. */
  followed: Map<string, Followed>;
  settled: number;
  gates: ReturnType<typeof createGates>;
  signals: ReturnType<typeof createSignals>;
  limitPlaces: LimitFunction;
  limitReads: LimitFunction;
  followingMax: number;
  /** Informs waiters and the caller about progress. */
  moved(): void;
}

export function createRun(deps: SendDeps): Run {
  const { api, onProgress, placesMax = 16, readsMax = 48, followingMax = 20_000, stallMs = 60_000 } = deps;
  const run: Run = {
    api,
    summary: emptySummary(),
    followed: new Map(),
    settled: 0,
    gates: createGates(),
    signals: createSignals(stallMs),
    limitPlaces: pLimit(placesMax),
    limitReads: pLimit(readsMax),
    followingMax,
    moved() {
      run.signals.progress();
      const { lines, accepted } = run.summary;
      onProgress?.({ sent: lines, accepted, settled: run.settled, following: followingCount(run) });
    },
  };
  return run;
}

/** Number of orders whose outcome is not known yet. */
export function followingCount(run: Run): number {
  return run.followed.size - run.settled;
}

export function settle(run: Run, order: Followed, outcome: OrderResource): void {
  if (order.outcome === null) run.settled += 1;
  order.outcome = outcome;
}

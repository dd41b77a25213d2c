/**
 * Follows a sample of the accepted orders by polling their status URLs. Each sampled order stands for the orders that were
 * accepted since the one before. So the sample also estimates how many orders are decided.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderApi } from '../../cli/orders/order-api.ts';
import type { AcceptedOrder } from './placement.ts';
import type { Latencies } from './tally.ts';

export interface OutcomeSample {
  /** Called with each accepted order; follows some of them. */
  offer(order: AcceptedOrder): void;
  /** Estimated number of orders with an outcome. */
  decided(): number;
  /** Resolves when the followed orders have their outcome, or after `timeoutMs`. Follows no order afterwards. */
  finish(timeoutMs: number): Promise<void>;
}

/** At most ten orders a second, so that polls add little load. */
const sampleEveryMs = 100;
/** Maximum number of orders that are followed at the same time. */
const followedMax = 200;
/** The pause between two polls is a tenth of the age of the order, within these bounds. */
const pollMsMin = 10;
const pollMsMax = 1_000;

/** Outcomes are recorded in `latencies`, from the due time of the order. */
export function createSample(api: Pick<OrderApi, 'read'>, latencies: Latencies): OutcomeSample {
  const running = new Set<Promise<void>>();
  const stop = new AbortController();
  let nextMs = 0;
  let unseen = 0;
  let decided = 0;

  const follow = async (order: AcceptedOrder, weight: number): Promise<void> => {
    while (!stop.signal.aborted) {
      const answer = await api.read(order.customer.name, order.statusUrl, 0);
      const ageMs = performance.now() - order.dueMs;
      if (answer.kind === 'order' && answer.order.status !== 'QUEUED') {
        decided += weight;
        latencies.record(ageMs, weight);
        return;
      }
      // The list of orders shows later whether it has an outcome.
      if (answer.kind === 'refused') return;
      const pauseMs = Math.min(pollMsMax, Math.max(pollMsMin, ageMs / 10));
      await sleep(answer.kind === 'later' ? answer.afterMs : pauseMs, null, { signal: stop.signal });
    }
  };
  return {
    offer(order) {
      unseen += 1;
      const nowMs = performance.now();
      if (nowMs < nextMs || running.size >= followedMax) return;
      nextMs = nowMs + sampleEveryMs;
      const weight = unseen;
      unseen = 0;
      // Only the end of the sample rejects it.
      const one: Promise<void> = follow(order, weight)
        .catch(() => undefined)
        .finally(() => running.delete(one));
      running.add(one);
    },
    decided: () => decided,
    async finish(timeoutMs) {
      const timer = new AbortController();
      const late = sleep(timeoutMs, null, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([Promise.all(running), late]);
      timer.abort();
      stop.abort();
    },
  };
}

/**
 * The loop that pays open refunds.
 *
 *   turn: adopt new refunds ──► lease due ones, as many as are free ──► each runs its step ──► settle
 *
 * A turn follows when a step ends, at the latest after `sweepMs`. After an error of the database it waits `troubleMs`.
 */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { noTraces, type Traces } from '../../shared/trace/index.ts';
import { type PerformDeps, perform, type RefundCaller } from './perform.ts';
import type { LeasedRefund, RefundQueue } from './refund-queue.ts';
import { traceCalls } from './traced-caller.ts';

export interface SenderDeps extends Omit<PerformDeps, 'onCall' | 'onResult'> {
  readonly queue: RefundQueue;
  /** By name. */
  readonly providers: ReadonlyMap<string, RefundCaller>;
  /** Whether refunds that the decision requested by itself are on hold. */
  readonly isOnHold: () => Promise<boolean>;
  readonly inFlightMax: number;
  /** Longer than every step takes. */
  readonly leaseMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly traces?: Traces;
}

export interface Sender {
  /** For readiness: true, or why no refund is paid. */
  check(): true | string;
  /** Leases nothing more, and waits for the steps in flight up to the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

const sweepMs = 500;
const troubleMs = 1_000;
/** Delay of a refund on hold, or of a provider that this process does not have. */
const postponedMs = 30_000;
/** A missing answer of the database is reported after this time. */
const quietMaxMs = 15_000;
const countEveryMs = 5_000;
/** Requested by the decision itself, and not by a person. */
const automaticReasons: ReadonlySet<string> = new Set(['MISMATCH', 'SURPLUS', 'LATE', 'UNMATCHED']);

export function startSender(deps: SenderDeps): Sender {
  const { queue, log, nowMs } = deps;
  const inFlight = new Set<Promise<void>>();
  let stopping = false;
  let bell = Promise.withResolvers<void>();
  let lastTurnMs = performance.now();
  let countAtMs = 0;

  const turn = async (): Promise<boolean> => {
    if (performance.now() >= countAtMs) {
      countAtMs = performance.now() + countEveryMs;
      await count(deps);
    }
    await queue.adopt(nowMs());
    const free = deps.inFlightMax - inFlight.size;
    if (free <= 0) return false;
    const leased = await queue.lease(free, nowMs(), deps.leaseMs);
    const isOnHold = leased.length > 0 && (await deps.isOnHold());
    for (const one of leased) {
      const done = run(deps, one, isOnHold).finally(() => {
        inFlight.delete(done);
        bell.resolve();
      });
      inFlight.add(done);
    }
    return leased.length === free;
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      let hasMore = false;
      let pauseMs = sweepMs;
      try {
        hasMore = await turn();
        lastTurnMs = performance.now();
      } catch (error) {
        log.warn({ reason: errorMessage(error) }, 'payments cannot read or write the table of refunds');
        pauseMs = troubleMs;
      }
      if (!hasMore || inFlight.size >= deps.inFlightMax) await Promise.race([bell.promise, pause(pauseMs)]);
      bell = Promise.withResolvers<void>();
    }
  };
  const running = loop();

  return {
    check() {
      const quietMs = performance.now() - lastTurnMs;
      return quietMs < quietMaxMs || `the table of refunds was not read for ${Math.round(quietMs / 1000)} s`;
    },
    async stop(deadlineMs) {
      stopping = true;
      bell.resolve();
      await Promise.race([running.then(() => Promise.all(inFlight)), pause(deadlineMs)]);
    },
  };
}

/** Runs one step. If its result cannot be stored, a later lease finds the result again. */
async function run(deps: SenderDeps, leased: LeasedRefund, isOnHold: boolean): Promise<void> {
  const { queue, providers, log, metrics, nowMs } = deps;
  const { refund, attempt } = leased;
  const provider = providers.get(refund.provider);
  try {
    if (provider === undefined) {
      metrics.inc('payments_refund_calls_total', {
        provider: refund.provider,
        call: 'refund',
        result: 'no_provider',
      });
      await queue.postpone(leased, nowMs() + postponedMs, 'this process does not have the provider');
      return;
    }
    const isFirst = leased.step === 'refund' && attempt.attempts === 1;
    if (isOnHold && isFirst && automaticReasons.has(refund.reason)) {
      await queue.postpone(leased, nowMs() + postponedMs, 'automatic refunds are on hold');
      return;
    }
    const labels = { provider: provider.name };
    const traced = traceCalls(deps.traces ?? noTraces, provider);
    const settlement = await perform(
      {
        ...deps,
        append: (command) => deps.append({ ...command, traceparent: traced.traceparent() }),
        onCall: (call, result) => metrics.inc('payments_refund_calls_total', { ...labels, call, result }),
        onResult: (result) => metrics.inc('payments_refund_results_total', { ...labels, result }),
      },
      traced.provider,
      leased,
    );
    if (settlement.error !== null)
      log.warn(
        {
          refundId: refund.refundId,
          attempts: attempt.attempts,
          step: leased.step,
          reason: settlement.error,
        },
        'a refund has no result yet',
      );
    await queue.settle(leased, settlement);
  } catch (error) {
    log.error({ refundId: refund.refundId, reason: errorMessage(error) }, 'a step of a refund failed');
  }
}

async function count({ queue, metrics, nowMs }: SenderDeps): Promise<void> {
  const { open, oldestMs } = await queue.counts(nowMs());
  metrics.set('payments_refunds_open', open);
  metrics.set('payments_refund_oldest_seconds', oldestMs / 1000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

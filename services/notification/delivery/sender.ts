/**
 * The loop that sends due deliveries.
 *
 * running ──► draining ──► stopped
 *
 * - running: writes the results of finished attempts, leases due deliveries for receivers with room and starts
 *   their attempts. Then it waits for a finished attempt, a hint from intake, or the next search of the table.
 * - draining: leases nothing more. It waits for the attempts in flight up to a deadline and writes their results.
 *   Any other lease expires.
 */
import { classify, errorMessage } from '../../shared/errors/index.ts';
import { testEventType } from '../../shared/standard-webhooks/index.ts';
import { errorTypeOf, mailSpec, noTraces, type TraceSpan, webhookSpec } from '../../shared/trace/index.ts';
import { type AttemptResult, verdictOf } from './attempt.ts';
import type { Leased, Settlement } from './delivery-queue.ts';
import { nobodyWaits, planLeases, targetOf, tryBegan, tryEnded } from './lease-plan.ts';
import type { Channel, SenderDeps } from './sender-types.ts';
import { createSweep } from './sweep.ts';

export interface Sender {
  /** Reports that these receivers have new deliveries. */
  hint(endpointIds: ReadonlySet<string>): void;
  /** Waits for attempts in flight, at most `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

/** Finished attempts that may wait while the database is down. Beyond this number, the sender leases nothing. */
const unsettledMax = 2_000;
/** A short pause between rounds, so that one transaction writes attempts that end together. */
const roundPauseMs = 5;
/** Wait after a failed round. */
const troubleMs = 500;

export function startSender(deps: SenderDeps): Sender {
  const { limits, clock, log, metrics } = deps;
  const finished: Settlement[] = [];
  const waiting = nobodyWaits();
  const { wanted, restUntilMs } = waiting;
  const sweep = createSweep(deps);
  let inFlight = 0;
  let nextSweepMs = 0;
  let stopping = false;
  let bell = Promise.withResolvers<void>();
  const wake = (): void => bell.resolve();

  const start = async (channel: Channel, leased: Leased): Promise<void> => {
    inFlight += 1;
    tryBegan(waiting, channel);
    const startedMs = clock.monotonicMs();
    const result = await attempt(deps, channel, leased);
    metrics.observe('notification_attempt_seconds', (clock.monotonicMs() - startedMs) / 1000, {
      channel: channel.name,
    });
    metrics.inc('notification_attempts_total', { channel: channel.name, result: result.kind });
    const nowMs = clock.nowMs();
    if (result.kind === 'failed' && result.retryAfterMs !== null) {
      restUntilMs.set(leased.endpointId, nowMs + result.retryAfterMs);
    }
    const verdict = verdictOf(result, {
      attempts: leased.attempts + 1,
      isTest: leased.eventType === testEventType,
      nowMs,
      retryDelaysMs: limits.retryDelaysMs,
      random: deps.random(),
    });
    if (result.kind === 'delivered' && leased.attempts === 0) {
      metrics.observe('notification_delay_seconds', (nowMs - leased.createdAtMs) / 1000, {
        channel: channel.name,
      });
    }
    finished.push({ leased, verdict });
    inFlight -= 1;
    tryEnded(waiting, channel);
    wake();
  };

  const round = async (): Promise<void> => {
    sweep.remember(await settleFinished(deps, finished));
    if (stopping || finished.length > unsettledMax) return;
    if (clock.monotonicMs() >= nextSweepMs) {
      nextSweepMs = clock.monotonicMs() + limits.sweepMs;
      await sweep.run(wanted);
      const nowMs = clock.nowMs();
      for (const [endpointId, untilMs] of restUntilMs) if (untilMs <= nowMs) restUntilMs.delete(endpointId);
    }
    const { requests, channels } = await planLeases(deps, waiting, limits.inFlightMax - inFlight);
    if (requests.length === 0) return;
    try {
      const { leased, more } = await deps.queue.lease(requests, clock.nowMs(), limits.leaseMs);
      for (const one of leased) void start(channels.get(one.endpointId)!, one);
      for (const endpointId of more) wanted.add(endpointId);
    } catch (error) {
      for (const { endpointId } of requests) wanted.add(endpointId);
      throw error;
    }
    metrics.set('notification_in_flight', inFlight);
  };

  const loop = async (): Promise<void> => {
    while (!stopping || inFlight > 0 || finished.length > 0) {
      const pauseMs = await guarded(round, deps);
      if (pauseMs > 0 || wanted.size > 0) await pause(pauseMs || roundPauseMs);
      else await Promise.race([bell.promise, pause(limits.sweepMs)]);
      bell = Promise.withResolvers<void>();
    }
  };
  const running = loop().catch((error: unknown) => deps.fatal(error));

  return {
    hint(endpointIds) {
      for (const id of endpointIds) wanted.add(id);
      wake();
    },
    async stop(deadlineMs) {
      stopping = true;
      wake();
      await Promise.race([running, pause(deadlineMs)]);
      if (inFlight > 0)
        log.warn(
          { inFlight },
          'attempts are still in flight; a sender repeats them after their leases expire',
        );
    },
  };
}

/** Never throws: an attempt that cannot start counts as failed. */
async function attempt(deps: SenderDeps, channel: Channel, leased: Leased): Promise<AttemptResult> {
  const { hosts, clock, limits, log } = deps;
  const isLate = (): boolean => clock.nowMs() > leased.leasedUntilMs - limits.attemptMaxMs;
  try {
    const target = {
      ...targetOf(channel),
      ...(channel.customerOf && { customerId: channel.customerOf(leased) }),
    };
    return await hosts.run(target, () => deliver(deps, channel, leased), isLate);
  } catch (error) {
    log.debug({ err: error }, 'a delivery attempt could not start');
    return {
      kind: 'failed',
      status: null,
      error: errorMessage(error),
      retryAfterMs: null,
      hostTrouble: true,
    };
  }
}

/** Delivers within a span. An attempt that waits for its host has none. */
async function deliver(deps: SenderDeps, channel: Channel, leased: Leased): Promise<AttemptResult> {
  const span = startDelivery(deps, channel, leased);
  if (span === null) return channel.deliver(leased);
  try {
    const result = await channel.deliver(leased);
    if (channel.name === 'webhook' && 'status' in result && result.status !== null)
      span.set({ 'http.response.status_code': result.status });
    span.end(result.kind === 'delivered' ? null : errorTypeOfResult(result));
    return result;
  } catch (error) {
    span.end(errorTypeOf(error));
    throw error;
  }
}

function startDelivery(
  { traces = noTraces }: SenderDeps,
  channel: Channel,
  leased: Leased,
): TraceSpan | null {
  if (!traces.isOn || leased.traceparent === null) return null;
  const spec = channel.name === 'webhook' ? webhookSpec(channel.host, leased.attempts) : mailSpec();
  return traces.startChild(spec, leased.traceparent);
}

/** The HTTP status if there is one, otherwise the kind of the result. */
function errorTypeOfResult(result: AttemptResult): string {
  return 'status' in result && result.status !== null ? String(result.status) : result.kind;
}

/**
 * Writes finished attempts, and disables endpoints that are gone or out of attempts. After an error, all
 * results stay for the next round.
 */
async function settleFinished(deps: SenderDeps, finished: Settlement[]): Promise<Settlement[]> {
  if (finished.length === 0) return [];
  const batch = finished.slice();
  const nowMs = deps.clock.nowMs();
  await deps.queue.settle(batch, nowMs);
  for (const { leased, verdict } of batch) {
    if (verdict.disable === null) continue;
    const { endpointId } = leased;
    const reason = verdict.lastError ?? verdict.disable;
    if (await deps.queue.disableEndpoint(endpointId, `${verdict.disable}: ${reason}`.slice(0, 200), nowMs)) {
      deps.metrics.inc('notification_endpoints_disabled_total', { reason: verdict.disable });
      deps.log.warn(
        { endpointId, eventId: leased.eventId, reason },
        'notification disabled a webhook endpoint',
      );
    }
  }
  finished.splice(0, batch.length);
  return batch;
}

/** Runs a round. Returns the pause before the next one in ms: 0, or longer after a temporary error. */
async function guarded(round: () => Promise<void>, { log, stall }: SenderDeps): Promise<number> {
  try {
    stall.begin('deliveries are not leased or written');
    await round();
    stall.end();
    return 0;
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    stall.begin(errorMessage(error));
    log.warn({ err: error }, `the sender cannot lease or update deliveries yet: ${errorMessage(error)}`);
    return troubleMs;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

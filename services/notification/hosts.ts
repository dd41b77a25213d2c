/**
 * One gate per receiving host: at most so many posts at once, and none for a while after several failed in a row.
 * So one dead receiver holds a few of our slots, and delays nobody else.
 */
import {
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  isBrokenCircuitError,
} from 'cockatiel';
import type { Clock } from '../shared/clock/index.ts';
import type { AttemptResult } from './attempt.ts';

export interface HostLimits {
  /** Posts to one host at the same time. */
  concurrencyMax: number;
  /** Posts that may wait for their turn behind them, so that the next one need not be fetched first. */
  waitingMax: number;
  /** Failures in a row that open the breaker. */
  failuresInRow: number;
  /** How long an open breaker lets nothing through; then one post tries. */
  openMs: number;
}

/** Gates that are kept; an idle one with a closed breaker says nothing and is dropped first. */
const gatesMax = 10_000;

export interface Hosts {
  /** How many posts may be handed over now. */
  room(host: string): number;
  /**
   * Runs one try when its turn comes; a try that fails by the host's fault counts against it. `postponed` without a
   * try where the breaker has opened meanwhile, or where `isLate` says that the turn came too late.
   */
  run(host: string, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
  openBreakers(): number;
}

export function createHosts(limits: HostLimits, clock: Clock): Hosts {
  const gates = new Map<string, Gate>();
  const gateOf = (host: string): Gate => {
    let gate = gates.get(host);
    if (gate === undefined) {
      if (gates.size >= gatesMax) forgetIdle(gates);
      gate = createGate(limits, clock);
      gates.set(host, gate);
    }
    return gate;
  };

  return {
    room: (host) => gates.get(host)?.room() ?? limits.concurrencyMax + limits.waitingMax,
    run: (host, attempt, isLate) => gateOf(host).run(attempt, isLate),
    openBreakers: () => gates.values().reduce((sum, gate) => sum + (gate.open() ? 1 : 0), 0),
  };
}

interface Gate {
  room(): number;
  open(): boolean;
  idle(): boolean;
  run(attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
}

function createGate({ concurrencyMax, waitingMax, failuresInRow, openMs }: HostLimits, clock: Clock): Gate {
  const slots = bulkhead(concurrencyMax, waitingMax);
  const breaker = circuitBreaker(
    handleAll.orWhenResult((result) => {
      const { kind, hostTrouble } = result as { kind: string; hostTrouble?: boolean };
      return kind === 'failed' && hostTrouble === true;
    }),
    { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failuresInRow) },
  );
  let openedAtMs = 0;
  breaker.onBreak(() => {
    openedAtMs = clock.nowMs();
  });
  const busy = () => concurrencyMax - slots.executionSlots + waitingMax - slots.queueSlots;
  const tryOnce = async (attempt: () => Promise<AttemptResult>): Promise<AttemptResult> => {
    try {
      return await breaker.execute(attempt);
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error;
      return { kind: 'postponed', delayMs: openMs };
    }
  };

  return {
    room() {
      if (breaker.state === CircuitState.Closed) return slots.executionSlots + slots.queueSlots;
      const mayProbe = breaker.state === CircuitState.HalfOpen || clock.nowMs() - openedAtMs >= openMs;
      return mayProbe && busy() === 0 ? 1 : 0;
    },
    open: () => breaker.state === CircuitState.Open,
    idle: () => breaker.state === CircuitState.Closed && busy() === 0,
    run: (attempt, isLate) =>
      slots.execute(() => (isLate() ? { kind: 'postponed', delayMs: 0 } : tryOnce(attempt))),
  };
}

function forgetIdle(gates: Map<string, Gate>): void {
  for (const [host, gate] of gates) {
    if (gate.idle()) gates.delete(host);
  }
}

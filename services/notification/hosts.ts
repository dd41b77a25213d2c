/**
 * One gate per receiving host: at most so many posts at once, so that one dead receiver holds a few of our slots and
 * delays nobody else. And one breaker per host and customer: none for a while after several failures in a row. It is not
 * the host's alone, or a customer whose URL there answers errors would stop the posts of everybody on that host.
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
  /** Failures in a row that open a breaker. */
  failuresInRow: number;
  /** How long an open breaker lets nothing through; then one post tries. */
  openMs: number;
}

/** Where a post goes, and on whose behalf. */
export interface Target {
  host: string;
  customerId: string;
}

/** Gates, and breakers, that are kept; an idle one says nothing and is dropped first. */
const keptMax = 10_000;

export interface Hosts {
  /** How many posts may be handed over now. */
  room(target: Target): number;
  /**
   * Runs one try when its turn comes; a try that fails by the host's fault counts against it. `postponed` without a
   * try where the breaker has opened meanwhile, or where `isLate` says that the turn came too late.
   */
  run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
  openBreakers(): number;
}

export function createHosts(limits: HostLimits, clock: Clock): Hosts {
  const gates = new Map<string, Gate>();
  const breakers = new Map<string, Breaker>();
  const gateOf = (host: string): Gate => kept(gates, host, () => createGate(limits));
  const breakerOf = ({ host, customerId }: Target): Breaker =>
    kept(breakers, `${host} ${customerId}`, () => createBreaker(limits, clock));

  return {
    room: (target) => Math.min(gateOf(target.host).room(), breakerOf(target).room()),
    run: (target, attempt, isLate) =>
      breakerOf(target).counted((whileClosed) =>
        gateOf(target.host).run(() =>
          isLate() ? Promise.resolve({ kind: 'postponed', delayMs: 0 }) : whileClosed(attempt),
        ),
      ),
    openBreakers: () => breakers.values().reduce((sum, breaker) => sum + (breaker.open() ? 1 : 0), 0),
  };
}

interface Idling {
  idle(): boolean;
}

function kept<T extends Idling>(map: Map<string, T>, key: string, create: () => T): T {
  let one = map.get(key);
  if (one !== undefined) return one;
  if (map.size >= keptMax) {
    for (const [other, candidate] of map) if (candidate.idle()) map.delete(other);
  }
  one = create();
  map.set(key, one);
  return one;
}

type Try = () => Promise<AttemptResult>;

interface Gate extends Idling {
  room(): number;
  run(attempt: Try): Promise<AttemptResult>;
}

function createGate({ concurrencyMax, waitingMax }: HostLimits): Gate {
  const slots = bulkhead(concurrencyMax, waitingMax);
  return {
    room: () => slots.executionSlots + slots.queueSlots,
    idle: () => slots.executionSlots + slots.queueSlots === concurrencyMax + waitingMax,
    run: (attempt) => slots.execute(attempt),
  };
}

interface Breaker extends Idling {
  room(): number;
  open(): boolean;
  /** Counts a post from being handed over to its end; `whileClosed` makes the try, unless the breaker is open. */
  counted(
    post: (whileClosed: (attempt: Try) => Promise<AttemptResult>) => Promise<AttemptResult>,
  ): Promise<AttemptResult>;
}

function createBreaker({ failuresInRow, openMs }: HostLimits, clock: Clock): Breaker {
  const breaker = circuitBreaker(
    handleAll.orWhenResult((result) => {
      const { kind, hostTrouble } = result as { kind: string; hostTrouble?: boolean };
      return kind === 'failed' && hostTrouble === true;
    }),
    { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failuresInRow) },
  );
  let openedAtMs = 0;
  let underWay = 0;
  breaker.onBreak(() => {
    openedAtMs = clock.nowMs();
  });
  const whileClosed = async (attempt: Try): Promise<AttemptResult> => {
    try {
      return await breaker.execute(attempt);
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error;
      return { kind: 'postponed', delayMs: openMs };
    }
  };

  return {
    room() {
      if (breaker.state === CircuitState.Closed) return Number.POSITIVE_INFINITY;
      const mayProbe = breaker.state === CircuitState.HalfOpen || clock.nowMs() - openedAtMs >= openMs;
      return mayProbe && underWay === 0 ? 1 : 0;
    },
    open: () => breaker.state === CircuitState.Open,
    idle: () => breaker.state === CircuitState.Closed && underWay === 0,
    async counted(post) {
      underWay += 1;
      try {
        return await post(whileClosed);
      } finally {
        underWay -= 1;
      }
    },
  };
}

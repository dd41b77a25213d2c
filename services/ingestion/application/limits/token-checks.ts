/**
 * Checks of tokens that nobody has seen before. A check costs a tenth of a millisecond of the event loop and needs no right to
 * ask for it. While the tokens of an address turn out good they are checked at once; an address that has sent many bad ones
 * has its next ones checked by turns, connection by connection, in a small part of the time. Good tokens from there are
 * late then, and never refused.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import { createBoundedMap } from '../common/bounded-map.ts';

export interface TokenChecks {
  /** Calls `check` now or later; false, without a call, when too many wait. `connection` is what the turns go by. */
  come(address: string, connection: object, check: () => void): boolean;
  /** A token from this address was bad. */
  failed(address: string): void;
  close(): void;
}

export interface TokenCheckLimits {
  /** Bad tokens of an address until its others have to wait. */
  readonly badMax: number;
  /** Bad tokens that are forgiven per second. */
  readonly forgivenPerSecond: number;
  /** Time for those that wait, out of each `everyMs`. */
  readonly checkingMs: number;
  readonly everyMs: number;
  readonly waitingMax: number;
}

interface Bad {
  count: number;
  atMs: number;
}

const addressesMax = 20_000;

export function createTokenChecks(limits: TokenCheckLimits, clock: Pick<Clock, 'monotonicMs'>): TokenChecks {
  const bad = createBoundedMap<string, Bad>(addressesMax);
  const queues = new Map<object, (() => void)[]>();
  let waiting = 0;
  let timer: NodeJS.Timeout | null = null;

  const badOf = (address: string): Bad => {
    const nowMs = clock.monotonicMs();
    const known = bad.get(address) ?? { count: 0, atMs: nowMs };
    known.count = Math.max(0, known.count - ((nowMs - known.atMs) * limits.forgivenPerSecond) / 1000);
    known.atMs = nowMs;
    return known;
  };

  const checkSome = (): void => {
    timer = null;
    const untilMs = clock.monotonicMs() + limits.checkingMs;
    while (queues.size > 0 && clock.monotonicMs() < untilMs) {
      const [connection, queue] = queues.entries().next().value!;
      queues.delete(connection);
      const check = queue.shift()!;
      if (queue.length > 0) queues.set(connection, queue);
      waiting--;
      check();
    }
    arm();
  };

  const arm = (): void => {
    if (timer === null && queues.size > 0) timer = setTimeout(checkSome, limits.everyMs);
  };

  return {
    come(address, connection, check) {
      if (bad.get(address) === undefined || badOf(address).count < limits.badMax) {
        check();
        return true;
      }
      if (waiting >= limits.waitingMax) return false;
      const queue = queues.get(connection);
      if (queue === undefined) queues.set(connection, [check]);
      else queue.push(check);
      waiting++;
      arm();
      return true;
    },
    failed(address) {
      const known = badOf(address);
      known.count = Math.min(known.count + 1, 2 * limits.badMax);
      bad.set(address, known);
    },
    close() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}

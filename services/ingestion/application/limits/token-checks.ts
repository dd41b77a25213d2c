/**
 * Checks of new tokens. A check costs a tenth of a millisecond of the event loop, and anyone can cause one. While
 * the tokens of an address are valid, they are checked at once. After many invalid tokens from an address, its
 * connections take turns. Their checks then get a small part of the time. Valid tokens from that address are then
 * late. They are refused only if too many checks wait.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import { createBoundedMap } from '../common/bounded-map.ts';

export interface TokenChecks {
  /**
   * Calls `check` now or later. Returns false, without a call, if too many wait. Turns rotate by `connection`.
   */
  come(address: string, connection: object, check: () => void): boolean;
  /** A token from this address was bad. */
  failed(address: string): void;
  close(): void;
}

export interface TokenCheckLimits {
  /** After this number of bad tokens the next tokens of an address wait. */
  readonly badMax: number;
  /** The count of bad tokens falls by this number per second. */
  readonly forgivenPerSecond: number;
  /** Time for waiting checks in each `everyMs`. */
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

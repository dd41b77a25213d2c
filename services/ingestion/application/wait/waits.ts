/**
 * Waits for the outcome of one order. A wait ends with the outcome, a timeout, the client's disconnect, or the stop
 * of the service.
 */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { Failure } from '../common/failure.ts';
import type { Outcomes } from './outcomes.ts';

export interface Wait {
  /**
   * Resolves with the first outcome since `open` that fits. Resolves with null after the timeout or a call of
   * `close`.
   */
  until(fits: (event: OrderEvent) => boolean, timeoutMs: number): Promise<OrderEvent | null>;
  /** Frees the slot. Every wait must be closed. */
  close(): void;
}

export interface Waits {
  /**
   * Begins to listen, and keeps outcomes until the call of `until`. Returns null if too many clients wait, or too
   * many of this caller.
   */
  open(orderId: string, callerId: string): Wait | null;
  /** Ends all open and all future waits at once. */
  drain(): void;
}

/** Maximum outcomes kept between `open` and `until`. One order never has more in that time. */
const keptMax = 100;

export function createWaits({ outcomes }: { outcomes: Pick<Outcomes, 'watch'> }): Waits {
  const open = new Set<() => void>();
  let draining = false;

  return {
    open(orderId, callerId) {
      const kept: OrderEvent[] = [];
      let onEvent = (event: OrderEvent): void => {
        if (kept.length < keptMax) kept.push(event);
      };
      const stop = outcomes.watch(orderId, callerId, (event) => onEvent(event));
      if (stop instanceof Failure) return null;
      let end = (_event: OrderEvent | null): void => undefined;
      let closed = draining;
      const close = (): void => {
        closed = true;
        open.delete(close);
        stop();
        end(null);
      };
      open.add(close);
      return {
        until(fits, timeoutMs) {
          const early = kept.find(fits);
          if (early !== undefined || closed) return Promise.resolve(early ?? null);
          return new Promise((resolve) => {
            const timer = setTimeout(() => end(null), timeoutMs);
            end = (event) => {
              clearTimeout(timer);
              end = () => undefined;
              resolve(event);
            };
            onEvent = (event) => {
              if (fits(event)) end(event);
            };
          });
        },
        close,
      };
    },
    drain() {
      draining = true;
      for (const close of [...open]) close();
    },
  };
}

/**
 * Waiting for the outcome of one order. It ends with the outcome, a timeout, the client's disconnect, or our
 * stop.
 */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { Failure } from '../common/failure.ts';
import type { Outcomes } from './outcomes.ts';

export interface Wait {
  /** The first outcome since `open` that fits, or null at the end of the time, or when `close` is called. */
  until(fits: (event: OrderEvent) => boolean, timeoutMs: number): Promise<OrderEvent | null>;
  /** Must be called in the end, used or not. */
  close(): void;
}

export interface Waits {
  /** Begins to listen; null when too many wait already, of all or of this caller. Outcomes are kept until `until` asks. */
  open(orderId: string, callerId: string): Wait | null;
  /** Ends every wait that is open, and those to come, at once. */
  drain(): void;
}

/** Outcomes between `open` and `until`; more of one order in that time than this cannot be. */
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

import { type AppError, appError } from '../errors/index.ts';

export type WaitQueue<T> = {
  /**
   * Resolves with the value of `give`, in order of arrival. Rejects if the queue is full, on a timeout, and on
   * `refuse`.
   */
  wait(): Promise<T>;
  /** Resolves the caller that has waited longest with `value`. Returns false if no caller waits. */
  give(value: T): boolean;
  /** Rejects the caller that has waited longest. */
  refuse(error: unknown): void;
  refuseAll(error: AppError): void;
  readonly length: number;
};

type Deps = { lengthMax: number; timeoutMs: number; onServed(waitedMs: number): void };
type Waiter<T> = {
  resolve(value: T): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout;
  sinceMs: number;
};

/** A queue with a bounded length and a bounded wait, for a scarce resource. */
export function createWaitQueue<T>({ lengthMax, timeoutMs, onServed }: Deps): WaitQueue<T> {
  const waiters: Waiter<T>[] = [];

  const next = (): Waiter<T> | undefined => {
    const waiter = waiters.shift();
    if (waiter !== undefined) clearTimeout(waiter.timer);
    return waiter;
  };

  return {
    wait: () =>
      new Promise((resolve, reject) => {
        if (waiters.length >= lengthMax) {
          reject(appError('MYSQL_POOL_EXHAUSTED', { reason: `${lengthMax} callers wait already` }));
          return;
        }
        const timer = setTimeout(() => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(appError('MYSQL_POOL_EXHAUSTED', { reason: `waited ${timeoutMs} ms` }));
        }, timeoutMs);
        const waiter: Waiter<T> = { resolve, reject, timer, sinceMs: performance.now() };
        waiters.push(waiter);
      }),
    give(value) {
      const waiter = next();
      if (waiter === undefined) return false;
      onServed(performance.now() - waiter.sinceMs);
      waiter.resolve(value);
      return true;
    },
    refuse: (error) => next()?.reject(error),
    refuseAll(error) {
      while (waiters.length > 0) next()?.reject(error);
    },
    get length() {
      return waiters.length;
    },
  };
}

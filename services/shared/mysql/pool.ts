import { appError } from '../errors/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Pool, Session } from './types.ts';

type Deps = {
  open: () => Promise<Session>;
  metrics: Metrics;
  /** Connections at most. */
  size: number;
  /** Callers that may wait at once; one more is refused right away. */
  waitersMax: number;
  /** The longest that a caller waits for a connection, opening included. */
  acquireTimeoutMs: number;
};

type Waiter = {
  resolve(session: Session): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout;
  sinceMs: number;
};

/**
 * A pool of sessions whose settings are checked before anybody gets one. Every wait has an end and the queue a
 * bound, so a frozen server costs its callers a quick error instead of a pile of them. Not the driver's pool: its
 * queue knows no deadline and it hands connections out before their settings are known to hold.
 *
 * A connection is idle, lent, or being opened; `size` counts all three. A dead one leaves at once.
 */
export function createPool({
  open,
  metrics,
  size,
  waitersMax,
  acquireTimeoutMs,
}: Deps): Pool & { close(): Promise<void> } {
  const idle: Session[] = [];
  const lent = new Set<Session>();
  const waiters: Waiter[] = [];
  let opening = 0;
  let closed = false;

  const acquire = (): Promise<Session> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(appError('MYSQL_POOL_EXHAUSTED', { reason: 'the pool is closed' }));
      if (waiters.length >= waitersMax)
        return reject(appError('MYSQL_POOL_EXHAUSTED', { reason: `${waitersMax} callers wait already` }));
      const timer = setTimeout(() => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(appError('MYSQL_POOL_EXHAUSTED', { reason: `waited ${acquireTimeoutMs} ms` }));
      }, acquireTimeoutMs);
      const waiter: Waiter = { resolve, reject, timer, sinceMs: performance.now() };
      waiters.push(waiter);
      serve();
    });

  /** Gives idle sessions to waiters, and opens as many new ones as there are waiters left and room for. */
  const serve = (): void => {
    for (let session = takeIdle(); session !== undefined && waiters.length > 0; session = takeIdle())
      lend(session);
    while (waiters.length > opening && lent.size + idle.length + opening < size && !closed) openOne();
    metrics.set('mysql_pool_waiting', waiters.length);
  };

  const takeIdle = (): Session | undefined => {
    while (waiters.length > 0) {
      const session = idle.pop();
      if (session === undefined || session.alive) return session;
    }
    return undefined;
  };

  const lend = (session: Session): void => {
    const waiter = waiters.shift()!;
    clearTimeout(waiter.timer);
    metrics.observe('mysql_pool_wait_seconds', (performance.now() - waiter.sinceMs) / 1000);
    lent.add(session);
    waiter.resolve(session);
  };

  const openOne = (): void => {
    opening++;
    open().then(
      (session) => {
        opening--;
        if (closed) return session.destroy();
        idle.push(session);
        serve();
      },
      (error: unknown) => {
        opening--;
        // One failed opening answers one waiter; the next has a try of its own.
        const waiter = waiters.shift();
        if (waiter !== undefined) {
          clearTimeout(waiter.timer);
          waiter.reject(error);
        }
        serve();
      },
    );
  };

  const release = (session: Session): void => {
    lent.delete(session);
    if (closed) session.destroy();
    else if (session.alive) idle.push(session);
    serve();
  };

  const using = async <T>(fn: (session: Session) => Promise<T>): Promise<T> => {
    const session = await acquire();
    try {
      return await fn(session);
    } finally {
      release(session);
    }
  };

  return {
    query: (sql, params, options) => using((session) => session.query(sql, params, options)),
    rows: (sql, params, options) => using((session) => session.rows(sql, params, options)),
    write: (sql, params, options) => using((session) => session.write(sql, params, options)),
    execute: (sql, params, options) => using((session) => session.execute(sql, params, options)),
    transaction: (fn) => using((session) => session.transaction(fn)),
    stats: () => ({ size: lent.size + idle.length + opening, idle: idle.length, waiting: waiters.length }),
    async close() {
      closed = true;
      for (const waiter of waiters.splice(0)) {
        clearTimeout(waiter.timer);
        waiter.reject(appError('MYSQL_POOL_EXHAUSTED', { reason: 'the pool is closed' }));
      }
      await Promise.all(idle.splice(0).map((session) => session.close()));
    },
  };
}

import { appError } from '../errors/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Pool, Session } from './types.ts';
import { createWaitQueue } from './wait-queue.ts';

type Deps = {
  /** Opens a session with verified settings. Calls `onDead` when the session ends. */
  open: (onDead: (session: Session) => void) => Promise<Session>;
  metrics: Metrics;
  /** Maximum number of connections. */
  size: number;
  /** The maximum number of waiting callers. The pool refuses further callers immediately. */
  waitersMax: number;
  /** Maximum time that a caller waits for a connection, opening included. */
  acquireTimeoutMs: number;
  /** A session that was idle for longer is not reused: the server may be about to end it. */
  idleMaxMs: number;
};

/**
 * A pool with bounded waits and a bounded queue. So a frozen server causes quick errors, not a backlog of
 * callers. It replaces the driver's pool, whose queue has no deadline. The driver's pool also hands out
 * connections before their settings are verified.
 *
 * A connection is being opened, idle or in use. `size` counts all three; a dead connection does not count.
 */
export function createPool(deps: Deps): Pool & { close(): Promise<void> } {
  const { metrics, size } = deps;
  const idle = new Map<Session, number>();
  const lent = new Set<Session>();
  const waiters = createWaitQueue<Session>({
    lengthMax: deps.waitersMax,
    timeoutMs: deps.acquireTimeoutMs,
    onServed: (waitedMs) => metrics.observe('mysql_pool_wait_seconds', waitedMs / 1000),
  });
  let opening = 0;
  let closed = false;

  const serve = (): void => {
    for (const session of newestFirst(idle)) {
      if (waiters.length === 0) break;
      const restedMs = performance.now() - idle.get(session)!;
      idle.delete(session);
      if (restedMs > deps.idleMaxMs || session.outdated) void session.close();
      else if (waiters.give(session)) lent.add(session);
    }
    while (waiters.length > opening && lent.size + idle.size + opening < size) openOne();
    metrics.set('mysql_pool_waiting', waiters.length);
  };

  const openOne = (): void => {
    opening++;
    const opened = deps.open((dead) => idle.delete(dead));
    opened
      .then(rest, (error: unknown) => waiters.refuse(error))
      .finally(() => {
        opening--;
        serve();
      });
  };

  const rest = (session: Session): void => {
    if (closed) session.destroy();
    else if (session.outdated) void session.close();
    else if (session.alive) idle.set(session, performance.now());
  };

  const using = async <T>(fn: (session: Session) => Promise<T>): Promise<T> => {
    if (closed) throw poolClosed();
    const waiting = waiters.wait();
    serve();
    const session = await waiting;
    try {
      return await fn(session);
    } finally {
      lent.delete(session);
      rest(session);
      serve();
    }
  };

  return {
    query: (sql, params, options) => using((session) => session.query(sql, params, options)),
    rows: (sql, params, options) => using((session) => session.rows(sql, params, options)),
    write: (sql, params, options) => using((session) => session.write(sql, params, options)),
    transaction: (fn) => using((session) => session.transaction(fn)),
    stats: () => ({ size: lent.size + idle.size + opening, idle: idle.size, waiting: waiters.length }),
    async close() {
      closed = true;
      waiters.refuseAll(poolClosed());
      const resting = [...idle.keys()];
      idle.clear();
      await Promise.all(resting.map((session) => session.close()));
    },
  };
}

/** The most recently used session comes first, so that surplus sessions stay idle and are closed. */
function newestFirst(idle: Map<Session, number>): Session[] {
  return [...idle.keys()].reverse();
}

function poolClosed() {
  return appError('MYSQL_POOL_EXHAUSTED', { reason: 'the pool is closed' });
}

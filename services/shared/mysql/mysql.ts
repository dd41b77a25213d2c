import { derived } from '../config/index.ts';
import { AppError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { openConnection } from './connection.ts';
import { createPool } from './pool.ts';
import { createSession } from './session.ts';
import { applySettings, type SettingsOptions } from './settings.ts';
import { type ConnectionTarget, parseMysqlUrl } from './target.ts';
import type { Pool, Session } from './types.ts';

export type MysqlOptions = {
  /** A URL that `parseMysqlUrl` can read. A function returns the present URL, whose login may change. */
  url: string | (() => string);
  log: Logger;
  metrics?: Metrics;
  /** Pooled connections, without the sessions of `connect`. Default 8. */
  poolSize?: number;
  /**
   * Default timeout of each statement, and of opening a connection. Must exceed the lock wait timeout of 2 s.
   * Default 5000.
   */
  queryTimeoutMs?: number;
  connectTimeoutMs?: number;
  /** Maximum number of callers that wait for a connection of the pool. Default 200. */
  waitersMax?: number;
  /**
   * After this much silence the server ends a pooled connection. This releases the locks of a process that
   * froze in the middle of a transaction. Keep it short if others wait for these locks. Default 60.
   */
  pooledWaitTimeoutSeconds?: number;
};

export type ConnectOptions = Partial<SettingsOptions> & {
  /** The session may send several statements in one packet. Default false. */
  scripts?: boolean;
};

export type Mysql = {
  /** A pool for reads and short writes. Each call borrows a connection. */
  pool: Pool;
  /**
   * A session with one owner. The owner must use or ping it more often than `waitTimeoutSeconds` (default 5),
   * or the server ends it. This releases the locks of an owner that froze.
   */
  connect(options?: ConnectOptions): Promise<Session>;
  /** Closes the pool and every session that is still open. */
  close(): Promise<void>;
};

const writerWaitTimeoutSeconds = 5;
/** The server refuses the user, its password, or its right to the database. */
const refusedLoginErrnos: ReadonlySet<unknown> = new Set([1044, 1045, 1698]);

/** Opens no connection. The first statement opens one. */
export function createMysql(options: MysqlOptions): Mysql {
  const {
    url,
    log,
    metrics = noMetrics,
    poolSize = 8,
    queryTimeoutMs = 5000,
    connectTimeoutMs = 3000,
    waitersMax = 200,
    pooledWaitTimeoutSeconds = 60,
  } = options;
  const logins = createLogins(url, log);
  const owned = new Set<Session>();

  const open = async (
    { scripts, ...settings }: Required<ConnectOptions>,
    onDead: (session: Session) => void,
  ): Promise<Session> => {
    try {
      const { connection, target } = await logins.open((to) => openConnection(to, connectTimeoutMs, scripts));
      const isOutdated = () => logins.isOutdated(target);
      const session = createSession({ connection, metrics, queryTimeoutMs, scripts, onDead, isOutdated });
      try {
        await applySettings(session, log, settings);
      } catch (error) {
        session.destroy();
        throw error;
      }
      metrics.inc('mysql_connects_total', { result: 'ok' });
      return session;
    } catch (error) {
      metrics.inc('mysql_connects_total', { result: 'failed' });
      throw error;
    }
  };

  const pool = createPool({
    open: (onDead) => open({ waitTimeoutSeconds: pooledWaitTimeoutSeconds, scripts: false }, onDead),
    metrics,
    size: poolSize,
    waitersMax,
    acquireTimeoutMs: queryTimeoutMs,
    idleMaxMs: pooledWaitTimeoutSeconds * 750,
  });

  return {
    pool,
    async connect({ waitTimeoutSeconds = writerWaitTimeoutSeconds, scripts = false } = {}) {
      const session = await open({ waitTimeoutSeconds, scripts }, (dead) => owned.delete(dead));
      owned.add(session);
      return session;
    },
    async close() {
      await Promise.all([pool.close(), ...[...owned].map((session) => session.close())]);
    },
  };
}

interface Logins {
  /** Opens a connection with the present login. If the server refuses a new login, the last good one is used. */
  open<C>(
    connect: (target: ConnectionTarget) => Promise<C>,
  ): Promise<{ connection: C; target: ConnectionTarget }>;
  /** Whether a connection with this login should be replaced, because there is a new login. */
  isOutdated(target: ConnectionTarget): boolean;
}

/**
 * The login of new connections. A new login replaces the last good one only after the server accepted it. So a wrong
 * password does not stop the service.
 */
function createLogins(url: string | (() => string), log: Logger): Logins {
  const present = derived(typeof url === 'function' ? url : () => url, parseMysqlUrl);
  let good = present();
  let refused: ConnectionTarget | null = null;
  return {
    async open(connect) {
      const target = present();
      try {
        const connection = await connect(target);
        good = target;
        refused = null;
        return { connection, target };
      } catch (error) {
        if (target === good || !(error instanceof AppError)) throw error;
        if (!refusedLoginErrnos.has(error.details['errno'])) throw error;
        if (refused !== target)
          log.error(
            { reason: errorMessage(error) },
            'the database refuses the new login; connections still use the last good one',
          );
        refused = target;
        return { connection: await connect(good), target: good };
      }
    },
    isOutdated(target) {
      const wanted = present();
      return target !== wanted && wanted !== refused;
    },
  };
}

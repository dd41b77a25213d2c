import type { Logger } from '../log/index.ts';
import { type Metrics, noMetrics } from '../metrics/index.ts';
import { openConnection } from './connection.ts';
import { createPool } from './pool.ts';
import { createSession } from './session.ts';
import { applySettings, type SettingsOptions } from './settings.ts';
import { parseMysqlUrl } from './target.ts';
import type { Pool, Session } from './types.ts';

export type MysqlOptions = {
  /** A URL that `parseMysqlUrl` can read. */
  url: string;
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
  const target = parseMysqlUrl(url);
  const owned = new Set<Session>();

  const open = async (
    { scripts, ...settings }: Required<ConnectOptions>,
    onDead: (session: Session) => void,
  ): Promise<Session> => {
    try {
      const connection = await openConnection(target, connectTimeoutMs, scripts);
      const session = createSession({ connection, metrics, queryTimeoutMs, scripts, onDead });
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

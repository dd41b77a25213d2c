/** Keeps one database session: opens it on demand, and replaces it when it is lost. */
import type { Logger } from '../../shared/log/index.ts';
import type { Mysql, Session } from '../../shared/mysql/index.ts';

export interface SessionKeeper {
  /**
   * Returns the session, and opens it first if necessary. Replaces a session with an old login. Rejects if the database
   * is unreachable.
   */
  open(): Promise<Session>;
  /** The session, if it is open. */
  current(): Session | null;
  /**
   * Pings a session that was idle for a while. Otherwise the server ends it, because it frees the locks of frozen
   * processes.
   */
  keepAlive(): Promise<void>;
  /** Closes the connection. The server rolls back its transaction. */
  drop(): void;
  close(): Promise<void>;
}

/** The server ends a session of a writer after 5 s without a statement. */
const pingAfterMs = 1_500;

/** `beforeUse` runs first on each new session. If it rejects, the session is closed. */
export function createSessionKeeper({
  mysql,
  log,
  beforeUse,
}: {
  mysql: Mysql;
  log: Logger;
  beforeUse?: (session: Session) => Promise<void>;
}): SessionKeeper {
  let session: Session | null = null;
  let lastUsedMs = 0;

  const openNew = async (): Promise<Session> => {
    const opened = await mysql.connect({ scripts: true });
    await beforeUse?.(opened).catch((error: unknown) => {
      opened.destroy();
      throw error;
    });
    log.debug({ connectionId: opened.connectionId }, 'database session opened');
    return opened;
  };

  const current = () => (session?.alive === true ? session : null);

  return {
    current,
    async open() {
      lastUsedMs = performance.now();
      const alive = current();
      if (alive?.outdated === false) return alive;
      session = await openNew();
      await alive?.close();
      return session;
    },
    async keepAlive() {
      const alive = current();
      if (alive === null || performance.now() - lastUsedMs < pingAfterMs) return;
      await alive.ping();
      lastUsedMs = performance.now();
    },
    drop() {
      session?.destroy();
      session = null;
    },
    async close() {
      await session?.close();
      session = null;
    },
  };
}

/** One database session, opened when it is needed and replaced when it is lost. */
import type { Logger } from '../../shared/log/index.ts';
import type { Mysql, Session } from '../../shared/mysql/index.ts';

export interface SessionKeeper {
  /** The session, opened anew if there is none. Rejects when the database cannot be reached. */
  open(): Promise<Session>;
  /** The session, if it is open. */
  current(): Session | null;
  /** Pings once the session has been unused for a while: the server ends silent ones, to free the locks of the frozen. */
  keepAlive(): Promise<void>;
  /** Cuts the session: whatever it held is rolled back by the server. */
  drop(): void;
  close(): Promise<void>;
}

/** The server ends a writer's session after 5 s of silence. */
const pingAfterMs = 1_500;

/** `beforeUse` is asked before anything else is done on a new session; where it rejects, the session is cut. */
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

  const current = () => (session?.alive === true ? session : null);

  return {
    current,
    async open() {
      lastUsedMs = performance.now();
      const alive = current();
      if (alive !== null) return alive;
      const opened = await mysql.connect({ scripts: true });
      await beforeUse?.(opened).catch((error: unknown) => {
        opened.destroy();
        throw error;
      });
      session = opened;
      log.debug({ connectionId: session.connectionId }, 'database session opened');
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

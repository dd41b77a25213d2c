/**
 * One reconciliation instance works at a time, and the others wait. One process must follow both commands and
 * outcomes of a partition, so the group must not be divided. The lock is a database lock that a connection holds.
 * If the connection is lost, the lock is lost too, and the process ends. If two instances overlap for a moment,
 * they write the same findings.
 */
import { appError, classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { sleep } from '../../shared/retry/index.ts';

/** Interval at which a waiting process requests the lock, and at which the leader pings the database. */
const askEveryMs = 1_000;

export interface LeadershipDeps {
  connect(): Promise<Session>;
  log: Logger;
  signal: AbortSignal;
  /** Called when the lock is lost. */
  onLost(error: unknown): void;
  /** Called after each request for the lock: with null, or with the reason of a failure. */
  onAsked(problem: string | null): void;
}

/**
 * Resolves when this process has the lock, with a function that releases it. Rejects with ABORTED if `signal` aborts
 * first.
 */
export async function takeLeadership(deps: LeadershipDeps): Promise<() => Promise<void>> {
  const { log, signal, onLost } = deps;
  let isTold = false;
  for (;;) {
    const session = await tryOnce(deps);
    if (session !== null) {
      log.info('this instance is the active reconciler');
      return keep(session, onLost);
    }
    if (!isTold) log.info('another instance is the active reconciler; this instance is on standby');
    isTold = true;
    await sleep(askEveryMs, signal);
  }
}

async function tryOnce({ connect, log, onAsked }: LeadershipDeps): Promise<Session | null> {
  let session: Session | null = null;
  try {
    session = await connect();
    const [row] = await session.rows<{ got: number | null }>(
      `SELECT GET_LOCK(LEFT(CONCAT('reconciliation.', DATABASE()), 64), 0) AS got`,
    );
    onAsked(null);
    if (row?.got === 1) return session;
  } catch (error) {
    if (classify(error) !== 'retry') throw error;
    onAsked(errorMessage(error));
    log.warn({ err: error }, 'this instance cannot request the lock and retries');
  }
  await session?.close();
  return null;
}

function keep(session: Session, onLost: (error: unknown) => void): () => Promise<void> {
  const timer = setInterval(() => {
    session.ping().catch((cause: unknown) => {
      clearInterval(timer);
      onLost(
        appError('MYSQL_CONNECTION_LOST', { reason: 'the lock of this instance is also lost' }, { cause }),
      );
    });
  }, askEveryMs);
  return async () => {
    clearInterval(timer);
    await session.close();
  };
}

/**
 * One reconciliation instance works at a time; others wait. One process must follow both commands and
 * outcomes of a partition, so the group must not be divided. The lock is a database lock that a connection
 * holds. If the connection is lost, so is the lock, and the process ends. Two instances that overlap for a
 * moment would write the same findings.
 */
import { appError, classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { sleep } from '../../shared/retry/index.ts';

/** How often a waiting process requests the lock, and the leader shows that it is alive. */
const askEveryMs = 1_000;

export interface LeadershipDeps {
  connect(): Promise<Session>;
  log: Logger;
  signal: AbortSignal;
  /** The lock was lost. */
  onLost(error: unknown): void;
  /** Called after each request for the lock: with null, or with the reason of a failure. */
  onAsked(problem: string | null): void;
}

/**
 * When this process has the lock, resolves with a function that releases it. Rejects with ABORTED when
 * `signal` fires first.
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
    if (!isTold) log.info('another instance is the active reconciler; this one is on standby');
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
    log.warn({ err: error }, `the lock could not be requested: ${errorMessage(error)}`);
  }
  await session?.close();
  return null;
}

function keep(session: Session, onLost: (error: unknown) => void): () => Promise<void> {
  const timer = setInterval(() => {
    session.ping().catch((cause: unknown) => {
      clearInterval(timer);
      onLost(
        appError('MYSQL_CONNECTION_LOST', { reason: 'the lock of this instance is lost, too' }, { cause }),
      );
    });
  }, askEveryMs);
  return async () => {
    clearInterval(timer);
    await session.close();
  };
}

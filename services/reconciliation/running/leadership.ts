/**
 * One reconciliation works at a time; others wait. Commands and outcomes of a partition have to be followed by the
 * same process, so the group must not be shared out. The lock is the database's, held by a connection: when that is
 * gone, so is the right to go on, and the process ends. Two that overlap for a moment would write the same findings.
 */
import { appError, classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { sleep } from '../../shared/retry/index.ts';

/** How often a waiting process asks, and a leading one shows that it lives. */
const askEveryMs = 1_000;

export interface LeadershipDeps {
  connect(): Promise<Session>;
  log: Logger;
  signal: AbortSignal;
  /** The lock was lost. */
  onLost(error: unknown): void;
  /** Called each time that the lock was asked for: with null, or with why it could not be. */
  onAsked(problem: string | null): void;
}

/** Resolves with a way to give it back when the lock is ours; rejects with ABORTED when `signal` fires first. */
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

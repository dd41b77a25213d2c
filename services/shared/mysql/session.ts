import { AppError, appError } from '../errors/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { type Connection, cut } from './connection.ts';
import { classifyMysqlError, mysqlError } from './errors.ts';
import { sendBytes } from './send-bytes.ts';
import type { Script } from './statement-buffer.ts';
import type { Answer, Param, QueryOptions, Row, Session, WriteResult } from './types.ts';

type Deps = {
  connection: Connection;
  metrics: Metrics;
  queryTimeoutMs: number;
  /** The server accepts several statements in one packet of this connection. */
  scripts: boolean;
  onDead?: (session: Session) => void;
  isOutdated?: () => boolean;
};
type Callback = (error: unknown, result?: unknown) => void;

/** How long the server may take to end the connection before we close the socket. */
const closeTimeoutMs = 500;

/**
 * A COMMIT that fails with one of these errors certainly did nothing. After any other error the result is
 * unknown.
 */
const certainCommitErrnos: ReadonlySet<unknown> = new Set([1205, 1213, 1290, 1792, 1836]);

/**
 * A session over one connection. It is alive until the first fatal error, timeout or `destroy`. A session never
 * becomes alive again. The driver drops the callbacks of a connection that we close. So the session keeps the
 * pending calls and rejects them when it ends.
 */
export function createSession(deps: Deps): Session {
  const { connection, metrics, queryTimeoutMs, scripts, onDead, isOutdated = () => false } = deps;
  const open = new Set<(error: AppError) => void>();
  let alive = true;

  const die = (error: AppError): void => {
    if (!alive) return;
    alive = false;
    cut(connection);
    for (const reject of [...open]) reject(error);
    onDead?.(session);
  };
  connection.on('error', (error: unknown) => die(mysqlError(error)));
  connection.on('end', () => die(appError('MYSQL_CONNECTION_LOST', { reason: 'the server closed it' })));

  const call = (start: (done: Callback) => void, timeoutMs = queryTimeoutMs): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!alive) return reject(appError('MYSQL_CONNECTION_LOST', { reason: 'the session is closed' }));
      const settle = (): boolean => {
        clearTimeout(timer);
        return open.delete(fail);
      };
      const fail = (error: AppError): void => {
        if (!settle()) return;
        metrics.inc('mysql_errors_total', { kind: classifyMysqlError(error) });
        reject(error);
      };
      const timer = setTimeout(() => {
        metrics.inc('mysql_query_timeouts_total');
        die(appError('MYSQL_TIMEOUT', { timeoutMs }));
      }, timeoutMs);
      open.add(fail);
      start((error, result) => {
        if (!error) return settle() ? resolve(result) : undefined;
        const known = mysqlError(error, { timeoutMs });
        fail(known);
        if (isConnectionOver(error, known)) die(known);
      });
    });

  const text = (sql: string, params?: readonly Param[], options?: QueryOptions): Promise<unknown> =>
    call(
      (done) => connection.query({ sql, values: params as Param[] | undefined }, done),
      options?.timeoutMs,
    );

  const run = async (script: Script, options?: QueryOptions): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const packet of script) {
      const isSingle = packet.ends.length === 1;
      if (!isSingle && !scripts)
        throw appError('INTERNAL', {
          reason: 'several statements in one packet of a session without scripts',
        });
      const result = await call((done) => sendBytes(connection, packet, done), options?.timeoutMs);
      for (const part of isSingle ? [result] : (result as unknown[])) answers.push(answerOf(part));
    }
    return answers;
  };

  const session: Session = {
    query: async (sql, params, options) => answerOf(await text(sql, params, options)),
    rows: async <T extends object>(sql: string, params?: readonly Param[], options?: QueryOptions) => {
      const rows = await text(sql, params, options);
      if (!Array.isArray(rows))
        throw appError('INTERNAL', { reason: 'a statement without rows was sent by `rows`' });
      return rows as T[];
    },
    write: async (sql, params, options) => writeResultOf(await text(sql, params, options)),
    run,
    begin: async () => void (await text('START TRANSACTION')),
    rollback: async () => void (await text('ROLLBACK')),
    commit: () => commit(session, text, die),
    transaction: (fn) => transaction(session, fn),
    ping: async (options) => void (await call((done) => connection.ping(done), options?.timeoutMs)),
    close: () => close(connection, session),
    destroy: () =>
      die(appError('MYSQL_CONNECTION_LOST', { reason: 'the session was destroyed by its owner' })),
    get alive() {
      return alive;
    },
    get outdated() {
      return isOutdated();
    },
    connectionId: connection.threadId,
  };
  return session;
}

async function commit(
  session: Session,
  text: (sql: string) => Promise<unknown>,
  die: (error: AppError) => void,
): Promise<void> {
  // If the session had already ended, COMMIT was certainly not sent, and `text` rejects with that error.
  const wasAlive = session.alive;
  try {
    await text('COMMIT');
  } catch (error) {
    const errno = error instanceof AppError ? error.details['errno'] : undefined;
    if (!wasAlive || certainCommitErrnos.has(errno)) throw error;
    const unknown = appError('COMMIT_UNKNOWN', {}, { cause: error });
    die(unknown);
    throw unknown;
  }
}

async function transaction<T>(session: Session, fn: (session: Session) => Promise<T>): Promise<T> {
  await session.begin();
  try {
    const result = await fn(session);
    await session.commit();
    return result;
  } catch (error) {
    if (session.alive) {
      // After a failed ROLLBACK, only the end of the connection releases the locks. The caller gets the first
      // error.
      await session.rollback().catch(() => session.destroy());
    }
    throw error;
  }
}

async function close(connection: Connection, session: Session): Promise<void> {
  if (!session.alive) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeTimeoutMs);
    connection.end(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  session.destroy();
}

function isConnectionOver(error: unknown, known: AppError): boolean {
  return (error as { fatal?: unknown }).fatal === true || known.code === 'MYSQL_CONNECTION_LOST';
}

function answerOf(result: unknown): Answer {
  return Array.isArray(result) ? (result as Row[]) : writeResultOf(result);
}

function writeResultOf(result: unknown): WriteResult {
  const { affectedRows, insertId, info = '' } = result as WriteResult;
  return { affectedRows, insertId, info };
}

/** What a failed try of a batch calls for: one total answer for every result and error. */
import { AppError, classify, errorMessage } from '../shared/errors/index.ts';
import { classifyMysqlError } from '../shared/mysql/index.ts';

export type Remedy =
  /** Try the same batch again after a short, jittered wait; after several of these in a row, with half of it. */
  | 'contend'
  /** The connection is of no use: open another, with back-off, and try again. */
  | 'reconnect'
  /** The connection works but the server cannot serve now: wait and try again. */
  | 'wait'
  /** Nobody knows whether the COMMIT stands: claim the lanes anew, which waits for it and finds what it left. */
  | 'reclaim'
  /** An order of the batch exists: read the ids first. */
  | 'readIds'
  /** The data of a record broke the statement: find it by halving. */
  | 'bisect'
  /** The server refuses, and nobody knows why: after some tries find the record, and ask the database whether it is at fault. */
  | 'suspect'
  /** The program fails, not a server: find the record and hold its lane there, trying again now and then. */
  | 'hold';

/** The remedy for an error that `runBatch` threw. */
export function remedyFor(error: unknown): Remedy {
  if (error instanceof AppError && error.code === 'COMMIT_UNKNOWN') return 'reclaim';
  // An event or a statement that cannot be laid out (INVALID_VALUE, TOO_LONG, RangeError): some record asks for it.
  if (error instanceof RangeError || (error instanceof AppError && classify(error) === 'deadLetter'))
    return 'bisect';
  switch (classifyMysqlError(error)) {
    case 'duplicateKey':
      return 'readIds';
    case 'deadlock':
    case 'lockTimeout':
      return 'contend';
    case 'connectionLost':
    case 'timeout':
    // A server that was made a replica stays one; after a failover another answers to its name.
    case 'readOnly':
      return 'reconnect';
    case 'tooManyConnections':
    case 'unavailable':
      return 'wait';
    case 'checkFailed':
    case 'data':
      return 'bisect';
    case 'schema':
      return 'wait';
    case 'unknown':
      return remedyForUnknown(error);
  }
}

/** What is no error of the database that the table of `classifyMysqlError` knows. */
function remedyForUnknown(error: unknown): Remedy {
  const isListed = error instanceof AppError && error.code !== 'MYSQL_UNKNOWN';
  if (!isListed && isServerError(error)) return 'suspect';
  // An init_connect or a proxy that bends the session's settings: the next session may get what it asks for.
  if (error instanceof AppError && error.code === 'MYSQL_SETTINGS') return 'reconnect';
  return classify(error) === 'retry' ? 'wait' : 'hold';
}

/** Whether the database itself has answered with an error that has a number; those of the system are negative. */
export function isServerError(error: unknown): boolean {
  if (error instanceof AppError) return Number(error.details['errno']) > 0;
  return Number((error as { errno?: unknown } | null | undefined)?.errno) > 0;
}

/**
 * The words for a record that was found by halving. They travel in its public outcome, so the database's own are left to
 * the log: those name tables and may quote values.
 */
export function verdictFor(error: unknown): { code: string; message: string } {
  const kind = classifyMysqlError(error);
  const errno = error instanceof AppError ? error.details['errno'] : undefined;
  const message = isServerError(error)
    ? `The database refused its data (${kind}, error ${errno ?? (error as { errno?: number }).errno}).`
    : errorMessage(error).slice(0, 300);
  return { code: 'DATA_REFUSED', message };
}

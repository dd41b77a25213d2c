/** The remedy for each error of a batch attempt. */
import { AppError, classify, errorMessage } from '../../shared/errors/index.ts';
import { classifyMysqlError } from '../../shared/mysql/index.ts';
import { isServerError } from '../stages/quarantine.ts';

export type Remedy =
  /** Retry the batch after a short, jittered wait. After several conflicts, retry with half of the batch. */
  | 'contend'
  /** The connection is unusable. Open another connection, with back-off, and retry. */
  | 'reconnect'
  /** The connection works, but the server is unavailable. Wait and retry. */
  | 'wait'
  /**
   * The result of the COMMIT is unknown. Claim the lanes again: the claim waits for the COMMIT and reads its result.
   */
  | 'reclaim'
  /** An order of the batch already exists. Read the existing ids first. */
  | 'readIds'
  /** The data of one record broke the statement. Halve the batch until the record is found. */
  | 'bisect'
  /**
   * The server refuses the batch for an unknown reason. After some retries find the record, and test whether it is
   * the cause.
   */
  | 'suspect'
  /** The program fails, not a server. Find the record, stop its lane there, and retry with a delay. */
  | 'hold';

/** The remedy for an error that `runBatch` threw. */
export function remedyFor(error: unknown): Remedy {
  if (error instanceof AppError && error.code === 'COMMIT_UNKNOWN') return 'reclaim';
  // One record causes an event or a statement that cannot be encoded (INVALID_VALUE, TOO_LONG, RangeError).
  if (error instanceof RangeError || (error instanceof AppError && classify(error) === 'deadLetter'))
    return 'bisect';
  switch (classifyMysqlError(error)) {
    case 'duplicateKey':
      return isKnownPayment(error) ? 'contend' : 'readIds';
    case 'deadlock':
    case 'lockTimeout':
      return 'contend';
    case 'connectionLost':
    case 'timeout':
    // A server that became a replica stays a replica. After a failover, its host name leads to another server.
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

/**
 * Another lane has committed a payment of the batch meanwhile. The next attempt reads it, because payments are always
 * read first. So this is a conflict between lanes, and no fault of a record.
 */
function isKnownPayment(error: unknown): boolean {
  return /for key '(payments\.)?payments_provider'/.test(errorMessage(error));
}

/** An error that is not in the table of `classifyMysqlError`. */
function remedyForUnknown(error: unknown): Remedy {
  const isListed = error instanceof AppError && error.code !== 'MYSQL_UNKNOWN';
  if (!isListed && isServerError(error)) return 'suspect';
  // An init_connect or a proxy changed the session settings. The next session may have the right settings.
  if (error instanceof AppError && error.code === 'MYSQL_SETTINGS') return 'reconnect';
  return classify(error) === 'retry' ? 'wait' : 'hold';
}

/** The remedy for a failed attempt of a batch: one for every result and error. */
import { AppError, classify } from '../../shared/errors/index.ts';
import { classifyMysqlError } from '../../shared/mysql/index.ts';
import { isServerError } from '../stages/quarantine.ts';

export type Remedy =
  /** Retry the batch after a short, jittered wait. After several of these, retry with half of it. */
  | 'contend'
  /** The connection is unusable: open another one, with back-off, and retry. */
  | 'reconnect'
  /** The connection works but the server is unavailable: wait and retry. */
  | 'wait'
  /** It is unknown whether the COMMIT succeeded: claim the lanes again, which waits for it and reads its result. */
  | 'reclaim'
  /** An order of the batch already exists: read the ids first. */
  | 'readIds'
  /** The data of one record broke the statement: find the record by halving the batch. */
  | 'bisect'
  /** The server refuses for an unknown reason: after some retries find the record, and test whether it is the cause. */
  | 'suspect'
  /** The program fails, not a server: find the record, hold its lane there, and retry from time to time. */
  | 'hold';

/** The remedy for an error that `runBatch` threw. */
export function remedyFor(error: unknown): Remedy {
  if (error instanceof AppError && error.code === 'COMMIT_UNKNOWN') return 'reclaim';
  // An event or statement that cannot be encoded (INVALID_VALUE, TOO_LONG, RangeError): one record causes it.
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
    // A server that became a replica stays one. After a failover, another server has its name.
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

/** An error that is not in the table of `classifyMysqlError`. */
function remedyForUnknown(error: unknown): Remedy {
  const isListed = error instanceof AppError && error.code !== 'MYSQL_UNKNOWN';
  if (!isListed && isServerError(error)) return 'suspect';
  // An init_connect or a proxy changed the session settings. The next session may get the right ones.
  if (error instanceof AppError && error.code === 'MYSQL_SETTINGS') return 'reconnect';
  return classify(error) === 'retry' ? 'wait' : 'hold';
}

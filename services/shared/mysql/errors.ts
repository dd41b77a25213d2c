import { AppError, appError, type ErrorCode, errorMessage } from '../errors/index.ts';
import { settingsOfUrl, tlsFault } from '../tls/index.ts';

export type MysqlErrorKind =
  | 'duplicateKey'
  | 'deadlock'
  | 'lockTimeout'
  | 'connectionLost'
  | 'readOnly'
  | 'tooManyConnections'
  | 'unavailable'
  | 'timeout'
  | 'checkFailed'
  | 'data'
  | 'schema'
  | 'unknown';

/**
 * Error numbers, because the names differ between MySQL and MariaDB. Some numbers differ too: a CHECK failure
 * is 3819 or 4025.
 */
const errnosOfKind: Record<Exclude<MysqlErrorKind, 'unknown'>, readonly number[]> = {
  duplicateKey: [1022, 1062, 1586],
  // 1020 and 1412: the snapshot is too old, or the table changed. 1614: an XA branch was rolled back after a
  // deadlock.
  deadlock: [1020, 1213, 1412, 1614],
  lockTimeout: [1205, 3572],
  // 1053 shutting down, 1158-1161 network, 1927 and 3169 killed, 4031 idle for too long
  connectionLost: [1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 3168, 3169, 4031],
  readOnly: [1290, 1792, 1836],
  // 1129: the host is blocked for a while. 1637: no transaction slot is free.
  tooManyConnections: [1040, 1129, 1203, 1226, 1637],
  // The server lacks a resource, whatever the statement. It may lack disk (3, 1021, 1023, 1026, 1028, 1030,
  // 1114, 1878) or memory (1037, 1038, 1041, 1135, 1206). It may lack its log (1180, 1197, 1598) or nodes of
  // its cluster (1047, 1297, 3098, 3100, 3101).
  unavailable: [
    3, 1021, 1023, 1026, 1028, 1030, 1037, 1038, 1041, 1047, 1114, 1135, 1180, 1197, 1206, 1297, 1598, 1878,
    3098, 3100, 3101,
  ],
  // 1317 interrupted by KILL QUERY, 1969 max_statement_time, 3024 max_execution_time
  timeout: [1317, 1969, 3024],
  checkFailed: [3819, 4025],
  data: [
    1048, 1118, 1138, 1153, 1264, 1265, 1292, 1300, 1366, 1367, 1406, 1411, 1416, 1441, 1451, 1452, 1526,
    1690, 3140, 3156, 4038, 4079,
  ],
  // Grants, names and syntax. 1364 is a column that this build does not write. The values of the statement are
  // not the cause.
  schema: [
    1044, 1045, 1046, 1049, 1051, 1054, 1064, 1130, 1136, 1142, 1143, 1146, 1149, 1243, 1305, 1364, 1370,
    1698,
  ],
};

const codeOfKind: Record<MysqlErrorKind, ErrorCode> = {
  duplicateKey: 'MYSQL_DUPLICATE_KEY',
  deadlock: 'MYSQL_DEADLOCK',
  lockTimeout: 'MYSQL_LOCK_TIMEOUT',
  connectionLost: 'MYSQL_CONNECTION_LOST',
  readOnly: 'MYSQL_READ_ONLY',
  tooManyConnections: 'MYSQL_TOO_MANY_CONNECTIONS',
  unavailable: 'MYSQL_UNAVAILABLE',
  timeout: 'MYSQL_TIMEOUT',
  checkFailed: 'MYSQL_CHECK_FAILED',
  data: 'MYSQL_DATA',
  schema: 'MYSQL_SCHEMA',
  unknown: 'MYSQL_UNKNOWN',
};

const kindOfErrno = new Map(
  Object.entries(errnosOfKind).flatMap(([kind, errnos]) =>
    errnos.map((errno) => [errno, kind as MysqlErrorKind]),
  ),
);
const kindOfCode = new Map<string, MysqlErrorKind>([
  ...Object.entries(codeOfKind).map(([kind, code]) => [code, kind as MysqlErrorKind] as const),
  ['COMMIT_UNKNOWN', 'connectionLost'],
  ['MYSQL_POOL_EXHAUSTED', 'tooManyConnections'],
  ['MYSQL_TLS', 'unavailable'],
]);

const connectionCodes: ReadonlySet<unknown> = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_PACKETS_OUT_OF_ORDER',
  'PROTOCOL_UNEXPECTED_PACKET',
  'PROTOCOL_ERROR',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * The kind of a database error. Accepts any value: AppErrors of this folder, the driver's own errors, and
 * others.
 */
export function classifyMysqlError(error: unknown): MysqlErrorKind {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, errno, fatal } = error as Record<string, unknown>;
  if (error instanceof AppError) return kindOfCode.get(error.code) ?? 'unknown';
  const byNumber = typeof errno === 'number' ? kindOfErrno.get(errno) : undefined;
  if (byNumber !== undefined) return byNumber;
  // The driver marks errors after which the connection is unusable; a system error has a negative errno.
  return connectionCodes.has(code) || fatal === true ? 'connectionLost' : 'unknown';
}

/**
 * Converts the driver's error to an `AppError`. Drops the statement, which can be long and contains personal
 * data.
 */
export function mysqlError(error: unknown, details: { timeoutMs?: number } = {}): AppError {
  if (error instanceof AppError) return error;
  const { errno, sqlState } = error as { errno?: number; sqlState?: string };
  if (error instanceof Error && 'sql' in error) error.sql = undefined;
  const fault = mysqlTlsFault(error);
  if (fault !== null) return appError('MYSQL_TLS', { reason: fault }, { cause: error });
  return appError(
    codeOfKind[classifyMysqlError(error)],
    { ...details, errno, sqlState, reason: errorMessage(error).slice(0, reasonLengthMax) },
    { cause: error },
  );
}

const reasonLengthMax = 300;
const tlsSettings = settingsOfUrl('MYSQL_URL');

/** The fault of TLS in an error of the driver, with the setting to check; null for every other error. */
export function mysqlTlsFault(error: unknown): string | null {
  // The server sends an error with a number. Its text may repeat values of a statement.
  const { errno = 0 } = (error ?? {}) as { errno?: number };
  const isOfServer = errno > 0;
  return isOfServer ? null : tlsFault(error, tlsSettings);
}

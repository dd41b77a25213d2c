import { type Connection, createConnection, format } from 'mysql2';
import { appError } from '../errors/index.ts';
import { mysqlError } from './errors.ts';

export type ConnectionTarget = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string | undefined;
  tls: boolean;
};

/** Reads `mysql://user:password@host:port/database?tls=true`. Throws CONFIG_INVALID without repeating the password. */
export function parseMysqlUrl(text: string): ConnectionTarget {
  const problem = (reason: string) =>
    appError('CONFIG_INVALID', { problems: [`The database URL ${reason}`] });
  if (!URL.canParse(text)) throw problem('is not a URL.');
  const url = new URL(text);
  if (url.protocol !== 'mysql:') throw problem('does not begin with mysql://.');
  for (const [name, value] of url.searchParams) {
    if (name !== 'tls' || !['true', 'false'].includes(value))
      throw problem(`has an unknown parameter ${name}.`);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || undefined,
    tls: url.searchParams.get('tls') === 'true',
  };
}

/**
 * A raw connection after the handshake, or an AppError within `timeoutMs`. The server takes several statements in one
 * packet only from those who ask for `scripts`: everywhere else a literal that were not closed could not begin another.
 */
export function openConnection(
  target: ConnectionTarget,
  timeoutMs: number,
  scripts: boolean,
): Promise<Connection> {
  const { tls, ...where } = target;
  const connection = createConnection({
    ...where,
    ssl: tls ? {} : undefined,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    flags: ['FOUND_ROWS', '-LOCAL_FILES', scripts ? 'MULTI_STATEMENTS' : '-MULTI_STATEMENTS'],
    supportBigNumbers: true,
    bigNumberStrings: false,
    dateStrings: false,
    // An object as a value would become `member` = value pairs, a known way to inject SQL.
    stringifyObjects: true,
    queryFormat: fillParams,
    connectTimeout: timeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 5000,
  });
  return new Promise((resolve, reject) => {
    const onFirstError = (error: unknown): void => {
      cut(connection);
      reject(mysqlError(error, { timeoutMs }));
    };
    connection.on('error', onFirstError);
    connection.connect((error) => {
      if (error) return onFirstError(error);
      connection.off('error', onFirstError);
      resolve(connection);
    });
  });
}

/**
 * Ends the connection at once. The driver's own `destroy` only half-closes the socket, which a frozen server never
 * answers.
 */
export function cut(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { stream: { destroy(): void } }).stream.destroy();
}

/**
 * The driver scans a statement for placeholders even when there is nothing to fill in, which costs more than
 * sending it when it has 300 kB.
 */
function fillParams(sql: string, values: unknown): string {
  return Array.isArray(values) && values.length > 0 ? format(sql, values, true, 'Z') : sql;
}

export type { Connection };

/**
 * The only reader of MYSQL_URL. Services, the command line, the local stack and the load tests share its
 * options, so a setting has one meaning.
 */
import { isIP } from 'node:net';
import { type ConnectionOptions, format } from 'mysql2';
import { loginOf } from '../config/index.ts';
import { appError } from '../errors/index.ts';
import { readTlsParameters, type TlsMaterial } from '../tls/index.ts';

export type ConnectionTarget = {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string | undefined;
  /** Null for an unencrypted connection. With `cert` and `key`, the client presents a certificate. */
  tls: TlsMaterial | null;
};

/**
 * Reads `mysql://user:password@host:port/database?tls=true&ca=/path/ca.pem&cert=/path/tls.crt&key=/path/tls.key`. With
 * `tls=true` the server must present a certificate for that host name. Throws CONFIG_INVALID without repeating the
 * password.
 */
export function parseMysqlUrl(text: string): ConnectionTarget {
  const problem = (reason: string) => appError('CONFIG_INVALID', { problems: [`MYSQL_URL ${reason}`] });
  if (!URL.canParse(text)) throw problem('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'mysql:') throw problem('does not begin with mysql://');
  const tls = url.searchParams.get('tls') ?? 'false';
  if (tls !== 'true' && tls !== 'false') throw problem('has a tls that is neither true nor false');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // The driver verifies host names only. For an address, it would compare the certificate with "localhost".
  if (tls === 'true' && isIP(host) !== 0)
    throw problem('has tls=true and an IP address; the certificate can be verified for a host name only');
  const isEncrypted = tls === 'true';
  const rules = { setting: 'MYSQL_URL', isEncrypted, encryptedBy: 'tls=true', also: ['tls'] };
  const login = loginOf(url, 'MYSQL_URL');
  return {
    host,
    port: url.port === '' ? 3306 : Number(url.port),
    user: login.username,
    password: login.password,
    database: decodeURIComponent(url.pathname.slice(1)) || undefined,
    tls: readTlsParameters(url.searchParams, rules),
  };
}

/**
 * The options of every connection. With `scripts`, the server accepts several statements in one packet. Without
 * `scripts`, an unclosed literal cannot start another statement.
 */
export function driverOptions(
  { tls, ...where }: ConnectionTarget,
  { timeoutMs, scripts = false }: { timeoutMs: number; scripts?: boolean },
): ConnectionOptions {
  return {
    ...where,
    // Without `verifyIdentity` the driver accepts any certificate of a known authority, whatever host it names.
    ssl: tls === null ? undefined : { ...tls, rejectUnauthorized: true, verifyIdentity: true },
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    flags: ['FOUND_ROWS', '-LOCAL_FILES', scripts ? 'MULTI_STATEMENTS' : '-MULTI_STATEMENTS'],
    supportBigNumbers: true,
    bigNumberStrings: false,
    dateStrings: false,
    // The driver would turn an object into `member` = value pairs, which allows SQL injection.
    stringifyObjects: true,
    queryFormat: fillParams,
    connectTimeout: timeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 5000,
  };
}

/**
 * Fills the placeholders, but only if there are parameters. The driver would scan every statement. For 300 kB,
 * the scan costs more than sending the statement.
 */
function fillParams(sql: string, values: unknown): string {
  return Array.isArray(values) && values.length > 0 ? format(sql, values, true, 'Z') : sql;
}

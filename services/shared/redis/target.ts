/** The only reader of REDIS_URL. Services and the local stack connect with its result. */
import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { loginOf } from '../config/index.ts';
import { appError } from '../errors/index.ts';
import { readTlsParameters } from '../tls/index.ts';

/**
 * Reads `redis://user:password@host:port/db`, or `rediss://…?ca=/path/ca.pem&cert=/path/tls.crt&key=/path/tls.key` for
 * TLS. The server must present a certificate of that host. Throws CONFIG_INVALID without the password.
 */
export function parseRedisUrl(
  text: string,
): Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'family' | 'tls'> {
  const problem = (reason: string) => appError('CONFIG_INVALID', { problems: [`REDIS_URL ${reason}`] });
  if (!URL.canParse(text)) throw problem('is not a URL');
  const url = new URL(text);
  const isEncrypted = url.protocol === 'rediss:';
  if (!isEncrypted && url.protocol !== 'redis:') throw problem('does not begin with redis:// or rediss://');
  const rules = { setting: 'REDIS_URL', isEncrypted, encryptedBy: 'rediss://', also: ['family'] };
  const tls = readTlsParameters(url.searchParams, rules);
  const family = url.searchParams.get('family') ?? '0';
  if (!['0', '4', '6'].includes(family)) throw problem('has a family that is none of 0, 4 and 6');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const db = url.pathname.slice(1) || '0';
  if (!/^\d{1,5}$/.test(db)) throw problem('has a path that is not the number of a database');
  const login = loginOf(url, 'REDIS_URL');
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    username: login.username || undefined,
    password: login.password || undefined,
    db: Number(db),
    family: Number(family),
    // The client names the host in its handshake, for servers that share one address.
    tls: tls === null ? undefined : { ...tls, ...(isIP(host) === 0 ? { servername: host } : {}) },
  };
}

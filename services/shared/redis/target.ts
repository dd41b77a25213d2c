/** The only reader of REDIS_URL. Services and the local stack connect with its result. */
import type { RedisOptions } from 'ioredis';
import { appError } from '../errors/index.ts';
import { readCaFile } from '../tls/index.ts';

/**
 * Reads `redis://user:password@host:port/db`, or `rediss://…?ca=/path/ca.pem` for TLS. The server must present
 * a certificate of that host. Throws CONFIG_INVALID without the password.
 */
export function parseRedisUrl(
  text: string,
): Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'family' | 'tls'> {
  const problem = (reason: string) => appError('CONFIG_INVALID', { problems: [`REDIS_URL ${reason}`] });
  if (!URL.canParse(text)) throw problem('is not a URL.');
  const url = new URL(text);
  const isTls = url.protocol === 'rediss:';
  if (!isTls && url.protocol !== 'redis:') throw problem('does not begin with redis:// or rediss://.');
  const { ca, family = '0', ...others } = Object.fromEntries(url.searchParams);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw problem(`has an unknown parameter ${unknown}.`);
  if (ca !== undefined && !isTls) throw problem('has a ca, but does not begin with rediss://.');
  if (!['0', '4', '6'].includes(family)) throw problem('has a family that is none of 0, 4 and 6.');
  const db = url.pathname.slice(1) || '0';
  if (!/^\d{1,5}$/.test(db)) throw problem('has a path that is not the number of a database.');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    db: Number(db),
    family: Number(family),
    tls: isTls ? { ca: ca === undefined ? undefined : readCaFile(ca, 'REDIS_URL') } : undefined,
  };
}

/** The only reader of SCHEMA_REGISTRY_URL. Services, the command line and the local stack connect with its result. */
import type { Agent } from 'node:https';
import { basicAuth, type Login, takeLogin } from '../../config/index.ts';
import { appError } from '../../errors/index.ts';
import { httpsAgent } from '../../http-client/index.ts';
import { readTlsParameters } from '../../tls/index.ts';

export interface RegistryTarget {
  /** The URL without login, parameters and final slashes. It may be printed. */
  readonly base: string;
  readonly login: Login | null;
  /** The headers that carry the login; none without one. */
  readonly headers: Readonly<Record<string, string>>;
  /** For https; null for http. */
  readonly agent: Agent | null;
}

/**
 * Reads `https://user:password@host:port/path?ca=/path/ca.pem&cert=/path/tls.crt&key=/path/tls.key`. The login is sent
 * as basic authentication. With https the server must present a certificate of that host. Throws CONFIG_INVALID without
 * the password.
 */
export function parseRegistryUrl(text: string): RegistryTarget {
  const setting = 'SCHEMA_REGISTRY_URL';
  const problem = (reason: string) => appError('CONFIG_INVALID', { problems: [`${setting} ${reason}`] });
  if (!URL.canParse(text)) throw problem('is not a URL');
  const { url, login } = takeLogin(text, setting);
  const parsed = new URL(url);
  const isEncrypted = parsed.protocol === 'https:';
  if (!isEncrypted && parsed.protocol !== 'http:') throw problem('does not begin with http:// or https://');
  const tls = readTlsParameters(parsed.searchParams, { setting, isEncrypted, encryptedBy: 'https://' });
  parsed.search = '';
  parsed.hash = '';
  return {
    base: parsed.href.replace(/\/+$/, ''),
    login,
    headers: basicAuth(login),
    agent: tls === null ? null : httpsAgent(tls),
  };
}

/**
 * Bearer tokens of the command line. `ORDERSTREAM_TOKEN` may have a token of your own issuer. Otherwise the local
 * issuer signs tokens, which `npm start` and the services of an instance share.
 */
import { createLocalIssuer } from '../services/shared/auth/index.ts';
import type { Env } from '../services/shared/config/index.ts';
import { CliError } from './errors.ts';
import { issuerDir } from './servers.ts';

const TTL_SECONDS = 900;
const RENEW_BEFORE_MS = 120_000;
const SCOPES = ['orders:write', 'orders:read'];

export type TokenFor = (customerId: string) => Promise<string> | string;

/**
 * Returns a token for a customer. A local token has the scopes, by default those for orders. @throws CliError if `ORDERSTREAM_TOKEN` belongs to another customer, or the
 * instance `name` does not exist.
 */
export async function createTokens(
  name: string,
  env: Env,
  scopes: readonly string[] = SCOPES,
): Promise<TokenFor> {
  const given = env['ORDERSTREAM_TOKEN'];
  return given ? givenToken(given) : localTokens(issuerDir(name, env), scopes);
}

function givenToken(token: string): TokenFor {
  const owner = subjectOf(token);
  return (customerId) => {
    // The API would place the order for the token's customer, whatever the file contains.
    if (customerId === owner) return token;
    throw new CliError(
      `ORDERSTREAM_TOKEN is ${owner === null ? 'no signed token with a "sub"' : `a token of customer ${owner}`}, not a token of customer ${customerId}`,
    );
  };
}

/** The subject of the token. The token is only decoded, because the API verifies it. */
function subjectOf(token: string): string | null {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    const { sub } = claims as { sub?: unknown };
    return typeof sub === 'string' ? sub : null;
  } catch {
    // A text without three parts, or without JSON in the second part, is no valid token.
    return null;
  }
}

/** Each token is created once and reused until shortly before it expires. */
async function localTokens(dir: string, scopes: readonly string[]): Promise<TokenFor> {
  const issuer = await createLocalIssuer(dir);
  const known = new Map<string, { token: Promise<string>; renewAtMs: number }>();
  return (customerId) => {
    const cached = known.get(customerId);
    if (cached !== undefined && Date.now() < cached.renewAtMs) return cached.token;
    const token = Promise.resolve(issuer.sign({ customerId, scopes, ttlSeconds: TTL_SECONDS }));
    known.set(customerId, { token, renewAtMs: Date.now() + TTL_SECONDS * 1000 - RENEW_BEFORE_MS });
    return token;
  };
}

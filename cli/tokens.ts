/** Bearer tokens of local runs, signed by the issuer that `npm start` and the services of an instance share. */
import { createLocalIssuer } from '../services/shared/auth/index.ts';

const TTL_SECONDS = 900;
const RENEW_BEFORE_MS = 120_000;
const SCOPES = ['orders:write', 'orders:read'];

/** Gives a token for any customer, made once and used again until shortly before it expires. */
export async function createTokens(dir: string): Promise<(customerId: string) => Promise<string>> {
  const issuer = await createLocalIssuer(dir);
  const known = new Map<string, { token: Promise<string>; renewAtMs: number }>();
  return (customerId) => {
    const cached = known.get(customerId);
    if (cached !== undefined && Date.now() < cached.renewAtMs) return cached.token;
    const token = Promise.resolve(issuer.sign({ customerId, scopes: SCOPES, ttlSeconds: TTL_SECONDS }));
    known.set(customerId, { token, renewAtMs: Date.now() + TTL_SECONDS * 1000 - RENEW_BEFORE_MS });
    return token;
  };
}

/** Tokens of the fake world, with their callers. */
import type { Caller } from '../../shared/auth/index.ts';
import { appError } from '../../shared/errors/index.ts';

export const fakeTokens = {
  c1: 'token-c1',
  c2: 'token-c2',
  reader: 'token-reader',
  hooks: 'token-hooks',
  ops: 'token-ops',
  everybody: 'token-everybody',
  expired: 'token-expired',
};
/** The caller of each token. */
export const fakeCallers: Record<string, Caller> = {
  [fakeTokens.c1]: caller('c1', ['orders:read', 'orders:write']),
  [fakeTokens.c2]: caller('c2', ['orders:read', 'orders:write']),
  [fakeTokens.reader]: caller('c1', ['orders:read']),
  [fakeTokens.hooks]: caller('c1', ['webhooks:manage']),
  [fakeTokens.ops]: caller('operator', ['orders:ops']),
  [fakeTokens.everybody]: caller('*', ['webhooks:manage']),
  [fakeTokens.expired]: { ...caller('c1', ['orders:read']), expiresAtMs: 1 },
};

function caller(customerId: string, scopes: string[]): Caller {
  return { customerId, scopes: new Set(scopes), expiresAtMs: Number.MAX_SAFE_INTEGER };
}

/** Throws TOKEN_MALFORMED for a token that is none of them. */
export function fakeVerify(token: string): Caller {
  const known = fakeCallers[token];
  if (known === undefined) throw appError('TOKEN_MALFORMED', { reason: 'test' });
  return known;
}

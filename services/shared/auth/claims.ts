/** Checks the claims of a token and returns its caller. */
import { appError } from '../errors/index.ts';
import type { SignedToken } from './signed-token.ts';

/** The caller: the token's `sub` is the customer. */
export type Caller = {
  readonly customerId: string;
  readonly scopes: ReadonlySet<string>;
  readonly expiresAtMs: number;
};

export type ClaimRules = {
  readonly issuer: string;
  readonly audience: string;
  /**
   * Accepted values of `typ`, in lower case and without `application/`. A token without `typ` counts as
   * `jwt`.
   */
  readonly types: readonly string[];
  /** Limits both the time from issue to expiry and the time from now to expiry. */
  readonly lifetimeMaxMs: number;
  readonly clockToleranceMs: number;
};

const scopesMax = 50;

/** The caller of a token whose signature is valid. Throws TOKEN_EXPIRED, or TOKEN_REFUSED with the reason. */
export function callerOf({ typ = 'jwt', claims }: SignedToken, rules: ClaimRules, nowMs: number): Caller {
  const type = typ.toLowerCase().replace(/^application\//, '');
  if (!rules.types.includes(type)) throw refused('its typ is not accepted');
  if (claims['iss'] !== rules.issuer) throw refused('its iss is not the configured issuer');
  if (!isFor(claims['aud'], rules.audience)) throw refused('its aud is not the configured audience');
  const expiresAtMs = checkTimes(claims, rules, nowMs);
  return Object.freeze({
    customerId: customerOf(claims['sub']),
    scopes: scopesOf(claims['scope']),
    expiresAtMs,
  });
}

function isFor(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

/** Returns when the token ends, in epoch ms. */
function checkTimes(
  claims: SignedToken['claims'],
  { clockToleranceMs, lifetimeMaxMs }: ClaimRules,
  nowMs: number,
): number {
  const expMs = timeOf(claims, 'exp');
  if (expMs === undefined) throw refused('it has no exp');
  if (expMs + clockToleranceMs <= nowMs) throw appError('TOKEN_EXPIRED');
  const nbfMs = timeOf(claims, 'nbf');
  if (nbfMs !== undefined && nbfMs > nowMs + clockToleranceMs) throw refused('its nbf is in the future');
  // A lifetime has a limit, because tokens are not revoked. `iat` may be in the past, or missing.
  const begunMs = Math.min(nowMs, timeOf(claims, 'iat') ?? nowMs);
  if (expMs - begunMs > lifetimeMaxMs + clockToleranceMs)
    throw refused(`its lifetime exceeds ${lifetimeMaxMs / 1000} s`);
  return expMs;
}

/** A NumericDate in epoch ms. */
function timeOf(claims: SignedToken['claims'], name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refused(`its ${name} is not a time`);
  return value * 1000;
}

function customerOf(sub: unknown): string {
  // The customer id is a column, a hash input and a cache key. So it has one spelling: no spaces, ASCII only.
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(sub)) {
    throw refused('its sub is not 1 to 128 visible ASCII characters');
  }
  return sub;
}

function scopesOf(scope: unknown): ReadonlySet<string> {
  if (typeof scope !== 'string') throw refused('its scope is not text');
  const scopes = scope.split(' ').filter((word) => word !== '');
  if (scopes.length > scopesMax) throw refused(`it has more than ${scopesMax} scopes`);
  return new Set(scopes);
}

function refused(reason: string): Error {
  return appError('TOKEN_REFUSED', { reason });
}
